//! What Terraform asks to learn what exists: refresh, import, data sources.

use huaweivpc::framework::{ImportBy, Path, Problem, Value, json};

use super::{
    super::{
        config::refusals,
        plugin::{Answer, Plugin, is_error},
        rules::{Violation, check_stored, misfits, same_identity},
    },
    Core, Failure, Instance,
    verdict::{broken, check_paths, differences, differing, relabelled, root, unnamed},
};

impl<P: Plugin> Core<P> {
    /// What starts every plan: the stored object goes through the upgrade and is read. `None` if it is gone.
    pub async fn refresh(
        &self,
        type_name: &str,
        instance: Instance,
    ) -> Result<Option<Instance>, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        self.plugin.begin_anew().await;
        self.show(type_name, &instance).await?;
        let Answer { problems, stored, deferred } =
            self.plugin.read(type_name, &instance.stored).await;
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: Some(Box::new(instance)) });
        }
        if deferred {
            return broken(vec![Violation::new("P14", root(), "a read was deferred")])
                .map(|()| None);
        }
        if stored.state.is_null() {
            return Ok(None);
        }
        broken(relabelled("read", check_stored(schema, "identity", &stored)))?;
        broken(same_identity(instance.stored.identity.as_ref(), stored.identity.as_ref()))?;
        Ok(Some(Instance { stored, ..instance }))
    }

    /// What every run does with each object of the state, also where nothing is refreshed: the stored object goes
    /// through the upgrade.
    pub async fn show(&self, type_name: &str, instance: &Instance) -> Result<(), Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let file = json::write(&instance.stored.state);
        let upgraded = self.plugin.upgrade(type_name, schema.version, &file).await;
        broken(differing("upgrade", &instance.stored.state, &upgraded.value))
    }

    /// `terraform import`, first by id and then by the identity that came of it. Both have to find the same.
    pub async fn import(&self, type_name: &str, id: &str) -> Result<Instance, Failure> {
        let found = self.import_by(type_name, &ImportBy::Id(id.to_owned())).await?;
        if let Some(identity) = &found.stored.identity {
            let again = self.import_by(type_name, &ImportBy::Identity(identity.clone())).await?;
            let (one, other) = (unnamed(&found.stored), unnamed(&again.stored));
            broken(differences("import by identity", &one, &other))?;
        }
        Ok(found)
    }

    async fn import_by(&self, type_name: &str, by: &ImportBy) -> Result<Instance, Failure> {
        let schema = self.plugin.resource_schema(type_name);
        let answers = self.plugin.import(type_name, by).await;
        if let Some(refusal) = answers.iter().find(|answer| answer.problems.iter().any(is_error)) {
            return Err(Failure::Refused { problems: refusal.problems.clone(), left: None });
        }
        let [answer] = answers.as_slice() else {
            let detail = format!("{} objects", answers.len());
            return Err(Failure::Broken(vec![Violation::new("import", root(), detail)]));
        };
        let mut found = Vec::new();
        misfits("import", &schema.value_type(), &answer.stored.state, &root(), &mut found);
        if !answer.stored.state.is_wholly_known() || answer.stored.state.is_null() {
            found.push(Violation::new("import", root(), "an imported object is known"));
        }
        if matches!(by, ImportBy::Identity(_)) && answer.stored.identity.is_none() {
            found.push(Violation::new("import", root(), "imported by identity, returned without"));
        }
        broken(found)?;
        let instance = Instance { stored: answer.stored.clone(), tainted: false };
        self.refresh(type_name, instance).await?.ok_or_else(|| Failure::Refused {
            problems: vec![Problem::error(
                "Cannot import non-existent remote object",
                "The provider found no object of this id.",
            )],
            left: None,
        })
    }

    /// A data source: validate and read. Returns the result and the warnings.
    pub async fn read_data(
        &self,
        type_name: &str,
        config: &Value,
    ) -> Result<(Value, Vec<Problem>), Failure> {
        let schema = self.plugin.data_source_schema(type_name);
        let mut problems = refusals(schema, config);
        if problems.is_empty() {
            problems = self.plugin.validate_data(type_name, config).await;
        }
        let mut value = Value::Null;
        if !problems.iter().any(is_error) {
            let answer = self.plugin.read_data(type_name, config).await;
            problems.extend(answer.problems);
            value = answer.value;
        }
        broken(check_paths(config, &problems))?;
        if problems.iter().any(is_error) {
            return Err(Failure::Refused { problems, left: None });
        }
        let mut found = Vec::new();
        misfits("data", &schema.value_type(), &value, &root(), &mut found);
        if value.is_null() || !value.is_wholly_known() {
            found.push(Violation::new("data", root(), "a result is present and known"));
        }
        for attribute in schema.attributes {
            let configured = config.get(attribute.name);
            if !configured.is_null() && value.get(attribute.name) != configured {
                let detail = "the result is not what was configured";
                found.push(Violation::new("data", Path::from(attribute.name), detail));
            }
        }
        broken(found)?;
        Ok((value, problems))
    }
}
