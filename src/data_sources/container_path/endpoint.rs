//! One end of a path: a container of a server, a server itself, or an address that a route or a subnet leads to.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::{
    cloud::ServerId,
    framework::{Draft, Path, Problem, one_of, quoted},
    network::{Address, Cidr},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Endpoint {
    pub(super) ecs_id: Option<ServerId>,
    pub(super) host_ip: Option<Address>,
    pub(super) container_ip: Option<Address>,
    pub(super) container_cidr: Option<Cidr>,
}

/// What an end turned out to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The position of the server's interface; `None` where nothing leads to a server.
    pub(super) port: Option<usize>,
    /// `None` for the server itself.
    pub(super) container: Option<Ipv4Addr>,
    pub(super) address: Ipv4Addr,
    pub(super) range: Option<Cidr>,
}

impl Place {
    /// Who calls from here, where that is a server or a container of one.
    pub(super) fn caller(&self) -> Option<(usize, Option<Ipv4Addr>)> {
        Some((self.port?, self.container))
    }
}

const SERVERS: &[&str] = &["ecs_id", "host_ip"];
const ALL: &[&str] = &["ecs_id", "host_ip", "container_ip"];

/// What is wrong with how an end is named.
pub(super) fn flaw(end: Draft<'_>, path: &Path) -> Option<Problem> {
    let (servers, _) = end.certain(SERVERS);
    if servers.len() > 1 {
        let detail = format!(
            "`{path}` has both `ecs_id` and `host_ip`. Keep the one by which the server is meant."
        );
        return Some(Problem::error("Server named twice", detail).at(path.clone()));
    }
    if end.certain(ALL) == (Vec::new(), false) {
        let detail = format!("Nothing says what `{path}` is. Set {}.", one_of(&quoted(ALL)));
        return Some(Problem::error("End of the path not named", detail).at(path.clone()));
    }
    let (address, range): (Address, Cidr) =
        (end.parsed("container_ip")?, end.parsed("container_cidr")?);
    (!range.contains_address(address.into())).then(|| {
        let path = path.clone().attribute("container_ip");
        let detail = format!("{address} is not in `container_cidr`, {range}.");
        Problem::error("Container outside its range", detail).at(path)
    })
}

/// Nobody can call from an address that no server has and no route leads to.
pub(super) fn nobody(address: Ipv4Addr) -> Problem {
    let detail = format!(
        "No server of the VPC has {address}, and no route leads to one for it. Say by `ecs_id` or `host_ip` on which server \
         the container is."
    );
    Problem::error("Server not found", detail).at(Path::from("from").attribute("container_ip"))
}
