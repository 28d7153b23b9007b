//! Our own source files, read just well enough to say which module names which.

use std::{fs, path::Path};

use super::terraform::REPOSITORY;

/// One file, its path as seen from `src` (or `tests/it`).
pub struct Source {
    pub file: String,
    pub text: String,
}

impl Source {
    /// `cloud` for `cloud/vpc.rs`, `provider` for `provider.rs`.
    pub fn layer(&self) -> &str {
        self.module()[0]
    }

    /// The module's path: `["cloud", "vpc"]`. The root is `["lib"]`.
    pub fn module(&self) -> Vec<&str> {
        self.file.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect()
    }

    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The text without comments and without the insides of strings.
    pub fn code(&self) -> String {
        let mut code = String::new();
        let mut rest = self.text.as_str();
        while let Some(first) = rest.chars().next() {
            let skipped = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if first == '"' {
                end_of_string(rest)
            } else if rest.starts_with("r#\"") {
                rest.find("\"#").map_or(rest.len(), |end| end + 2)
            } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
                rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
            } else {
                code.push(first);
                first.len_utf8()
            };
            rest = &rest[skipped..];
        }
        code
    }

    /// The parts of our own crate that the code names, as paths from its root.
    pub fn names(&self) -> Vec<Vec<String>> {
        let code = self.code();
        let module: Vec<String> = self.module().into_iter().map(str::to_owned).collect();
        let mut names = Vec::new();
        let starts = [("crate::", vec![]), ("huaweivpc::", vec![]), ("super::", module)];
        for (start, base) in starts {
            for (position, _) in code.match_indices(start) {
                let before = &code[..position];
                if before.ends_with("super::")
                    || before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                {
                    continue;
                }
                let mut path = base.clone();
                let mut rest = &code[position..];
                while let Some(further) = rest.strip_prefix(start) {
                    path.pop();
                    rest = further;
                }
                for branch in branches(rest) {
                    names.push(path.iter().cloned().chain(branch).collect());
                }
            }
        }
        names
    }
}

/// The Rust files below a folder of the repository.
pub fn files_under(folder: &str) -> Vec<Source> {
    let root = Path::new(REPOSITORY).join(folder);
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below the root");
                let file = name.to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).expect("a source file");
                sources.push(Source { file, text });
            }
        }
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = true; // for the opening quote
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a b` and `a c d`.
fn branches(tree: &str) -> Vec<Vec<String>> {
    let identifier: String =
        tree.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if !identifier.is_empty() {
        let rest =
            tree.trim_start().strip_prefix(&identifier).and_then(|rest| rest.strip_prefix("::"));
        let further = rest.map(branches).unwrap_or_default();
        if further.is_empty() {
            return vec![vec![identifier]];
        }
        return further
            .into_iter()
            .map(|branch| [vec![identifier.clone()], branch].concat())
            .collect();
    }
    let Some(inside) = tree.trim_start().strip_prefix('{') else { return vec![] };
    let mut depth = 0;
    let mut items = vec![String::new()];
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().expect("never empty").push(c);
    }
    items.iter().flat_map(|item| branches(item)).collect()
}
