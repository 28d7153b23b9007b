//! Which project a session works in: as configured, as the token says, or looked up by its name.
//!
//! API: GET `/v3/projects`, only where no id is known.

use serde::Deserialize;

use super::{
    Client,
    auth::Login,
    call::{Api, Call},
    config,
    error::{Error, Kind, Result, Subject},
};

#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: String,
}

impl Client {
    pub(crate) async fn find_project(&self, login: &Login) -> Result<String> {
        let name = match (&self.config().project, &login.project_id) {
            (config::Project::Id(id), _) => return Ok(id.clone()),
            (config::Project::Name(_), Some(id)) => return Ok(id.clone()),
            (config::Project::Name(name), None) => name,
        };
        let operation = format!("look up project {name}");
        let call =
            Call::get(Subject::Login, &operation, Api::Iam, "v3/projects").query("name", name);
        let answer = self.send_with_retries(&call, Some(&login.identity), None).await?;
        let Projects { projects } = answer.object("")?;
        let mut ids = projects.into_iter().filter(|project| project.name == *name);
        match (ids.next(), ids.next()) {
            (Some(project), None) => Ok(project.id),
            (None, _) => Err(unknown(
                &operation,
                format!(
                    "the account has no project `{name}` that these credentials may see: the region is not enabled \
                     for it, or `region` or `project_name` is misspelt"
                ),
            )),
            (Some(_), Some(_)) => Err(unknown(
                &operation,
                format!(
                    "the account has several projects `{name}`: write the id of one as `project_id`"
                ),
            )),
        }
    }
}

fn unknown(operation: &str, message: String) -> Error {
    Error::new(Kind::Unconfigured("project_id"), operation, message)
}
