//! The pages of the registry's reference, in the form tfplugindocs gives them, made of schemas and examples.

use std::{collections::BTreeMap, fs, path::Path};

use huaweivpc::framework::{Provider, Schema, Signature};

use super::members::{identity_section, schema_section, words};
use crate::harness::terraform::REPOSITORY;

/// Every generated page: its path below `docs` and its text.
pub fn pages<C>(provider: &Provider<C>) -> BTreeMap<String, String> {
    let name = provider.name;
    let mut pages = BTreeMap::from([("index.md".to_owned(), provider_page(name, provider.schema))]);
    for resource in provider.resources {
        let type_name = provider.type_name(resource.name());
        let path = format!("resources/{}.md", resource.name());
        pages.insert(path, resource_page(name, &type_name, resource.schema()));
    }
    for data_source in provider.data_sources {
        let type_name = provider.type_name(data_source.name());
        let path = format!("data-sources/{}.md", data_source.name());
        pages.insert(path, data_source_page(name, &type_name, data_source.schema()));
    }
    for function in provider.functions {
        let signature = function.signature();
        let path = format!("functions/{}.md", signature.name);
        pages.insert(path, function_page(name, signature));
    }
    pages
}

fn provider_page(provider: &str, schema: &Schema) -> String {
    let title = format!("{provider} Provider");
    let mut page = front_matter(&title, None, schema.about);
    page += &format!("# {title}\n\n{}\n", schema.about);
    page += &examples("provider", "provider");
    page += &schema_section(schema);
    page
}

fn resource_page(provider: &str, type_name: &str, schema: &Schema) -> String {
    let title = format!("{type_name} Resource - {provider}");
    let mut page = front_matter(&title, Some(""), schema.about);
    page += &format!("# {type_name} (Resource)\n\n{}\n", schema.about);
    page += &examples(&format!("resources/{type_name}"), "resource");
    page += &schema_section(schema);
    page += &import_section(type_name, schema);
    page
}

fn data_source_page(provider: &str, type_name: &str, schema: &Schema) -> String {
    let title = format!("{type_name} Data Source - {provider}");
    let mut page = front_matter(&title, Some(""), schema.about);
    page += &format!("# {type_name} (Data Source)\n\n{}\n", schema.about);
    page += &examples(&format!("data-sources/{type_name}"), "data-source");
    page += &schema_section(schema);
    page
}

fn function_page(provider: &str, signature: &Signature) -> String {
    let Signature { name, summary, description, parameters, returns } = signature;
    let mut page =
        front_matter(&format!("{name} function - {provider}"), Some(""), &format!("{summary}."));
    page += &format!("# function: {name}\n\n{description}\n");
    page += &examples(&format!("functions/{name}"), "function");
    let written: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, words(parameter.kind).to_lowercase()))
        .collect();
    let returned = words(*returns).to_lowercase();
    page += &format!(
        "\n## Signature\n\n```text\n{name}({}) {returned}\n```\n\n## Arguments\n\n",
        written.join(", ")
    );
    for (position, parameter) in parameters.iter().enumerate() {
        let (number, kind) = (position + 1, words(parameter.kind));
        page += &format!("{number}. `{}` ({kind}) {}\n", parameter.name, parameter.about);
    }
    page
}

/// What the registry reads of a page: its title, its place in the menu, its summary.
fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let mut head = format!("---\npage_title: \"{title}\"\n");
    if let Some(subcategory) = subcategory {
        head += &format!("subcategory: \"{subcategory}\"\n");
    }
    head += "description: |-\n";
    for line in description.lines() {
        head += if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }.as_str();
    }
    head + "---\n\n"
}

/// The files `STEM*.tf` of a folder below `examples`. Nothing is documented without one.
fn examples(folder: &str, stem: &str) -> String {
    let path = Path::new(REPOSITORY).join("examples").join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|_| panic!("examples/{folder} is missing"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(stem) && name.ends_with(".tf")
    });
    files.sort();
    assert!(!files.is_empty(), "examples/{folder} has no {stem}.tf");
    let mut section = "\n## Example Usage\n".to_owned();
    for file in files {
        section += &fenced("terraform", &fs::read_to_string(file).expect("an example"));
    }
    section
}

fn fenced(language: &str, text: &str) -> String {
    format!("\n```{language}\n{}\n```\n", text.trim_end())
}

/// The three ways to take over what exists: by identity, by id in an `import` block, by command.
fn import_section(type_name: &str, schema: &Schema) -> String {
    let block = "[`import` block](https://developer.hashicorp.com/terraform/language/import)";
    let command = "[`terraform import` command](https://developer.hashicorp.com/terraform/cli/commands/import)";
    let file = |name: &str| {
        let path = format!("examples/resources/{type_name}/{name}");
        fs::read_to_string(Path::new(REPOSITORY).join(&path))
            .unwrap_or_else(|_| panic!("{path} is missing"))
    };
    let mut section =
        "\n## Import\n\nImport is supported using the following syntax:\n\n".to_owned();
    section += &format!(
        "In Terraform v1.12.0 and later, the {block} can be used with the `identity` attribute. For example:\n"
    );
    section += &fenced("terraform", &file("import-by-identity.tf"));
    section += &identity_section(schema);
    section += &format!(
        "\nIn Terraform v1.5.0 and later, the {block} can be used with the `id` attribute, for example:\n"
    );
    section += &fenced("terraform", &file("import-by-string-id.tf"));
    section += &format!("\nThe {command} can be used, for example:\n");
    section + &fenced("shell", &file("import.sh"))
}
