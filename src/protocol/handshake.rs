//! What Terraform says in the environment of the process it starts, and the one line it is answered with.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// Reads one environment variable; what is not UTF-8 in it is replaced, so that it is seen to be there.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The major version of the provider protocol.
pub const PROTOCOL: u32 = 6;

/// What Terraform wants of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// PEM of the only certificate a client may show. `None`: Terraform asked for no encryption.
    pub client_certificate: Option<String>,
    pub place: Place,
    /// Whether to say that one connection for several purposes is not on offer.
    pub asks_for_multiplexing: bool,
    /// What was odd about the environment, for the user.
    pub notes: Vec<String>,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    UnixSocket {
        directory: PathBuf,
        /// Name or number of a group that may connect, besides the user.
        group: Option<String>,
        /// The client looks for the socket there, and nowhere else.
        is_fixed: bool,
    },
    /// One of these ports of the loopback interface; any free one where `None`.
    Tcp { ports: Option<(u16, u16)> },
}

/// Where the process listens, as the line says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    UnixSocket(String),
    Tcp(String),
}

/// Why the process cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "This program is a plugin: Terraform and OpenTofu start it and talk to it over a socket of its own.\n\
         It does nothing useful when started by hand. Name it in the `required_providers` block of a\n\
         configuration and run `terraform init`; see also `--help`."
    )]
    NotInvited,
    #[error("`{variable}` is `{value}`, which is not a port")]
    InvalidPort { variable: &'static str, value: String },
    #[error("`PLUGIN_MIN_PORT` is {min}, which is above `PLUGIN_MAX_PORT`, {max}")]
    NoPorts { min: u16, max: u16 },
}

pub fn invitation(environment: Environment) -> Result<Invitation, Refusal> {
    if environment(COOKIE.0).as_deref() != Some(COOKIE.1) {
        return Err(Refusal::NotInvited);
    }
    Ok(Invitation {
        client_certificate: environment("PLUGIN_CLIENT_CERT"),
        place: place(environment)?,
        asks_for_multiplexing: environment("PLUGIN_MULTIPLEX_GRPC").is_some(),
        notes: notes(environment("PLUGIN_PROTOCOL_VERSIONS").as_deref()),
    })
}

fn place(environment: Environment) -> Result<Place, Refusal> {
    if !cfg!(unix) {
        return tcp_place(environment);
    }
    let set = |name| environment(name).filter(|value| !value.is_empty());
    let (fixed, group) = (set("PLUGIN_UNIX_SOCKET_DIR"), set("PLUGIN_UNIX_SOCKET_GROUP"));
    let is_fixed = fixed.is_some() || group.is_some();
    let directory = fixed.or_else(|| set("TMPDIR")).unwrap_or_else(|| "/tmp".to_owned());
    Ok(Place::UnixSocket { directory: PathBuf::from(directory), group, is_fixed })
}

/// The place where there are no unix sockets.
pub fn tcp_place(environment: Environment) -> Result<Place, Refusal> {
    let port = |variable: &'static str| match environment(variable) {
        Some(value) if !value.is_empty() => {
            value.parse::<u16>().map_err(|_| Refusal::InvalidPort { variable, value })
        }
        _ => Ok(0),
    };
    match (port("PLUGIN_MIN_PORT")?, port("PLUGIN_MAX_PORT")?) {
        (0, 0) => Ok(Place::Tcp { ports: None }),
        (min, max) if min > max => Err(Refusal::NoPorts { min, max }),
        ports => Ok(Place::Tcp { ports: Some(ports) }),
    }
}

/// A client that cannot speak our version finds out from the line; all that is left to do is to say what was odd.
fn notes(versions: Option<&str>) -> Vec<String> {
    let Some(versions) = versions else { return Vec::new() };
    let parsed: Vec<_> = versions.split(',').map(|item| (item, item.trim().parse())).collect();
    let mut notes: Vec<String> = parsed
        .iter()
        .filter(|(_, version)| version.is_err())
        .map(|(item, _)| format!("Ignoring the protocol version `{item}`, which is not a number."))
        .collect();
    if !parsed.iter().any(|(_, version)| *version == Ok(PROTOCOL)) {
        notes.push(format!(
            "The client speaks the protocol versions `{versions}`; this provider speaks version {PROTOCOL} only."
        ));
    }
    notes
}

/// The line that tells Terraform where to connect and which certificate to expect.
///
/// `certificate` is the server's in DER. It travels without padding, which Terraform's decoder does not accept.
pub fn line(address: &Address, certificate: Option<&[u8]>, invitation: &Invitation) -> String {
    let (network, address) = match address {
        Address::UnixSocket(path) => ("unix", path),
        Address::Tcp(address) => ("tcp", address),
    };
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    // Older clients split the line into six fields, so the seventh is there only when asked for.
    let multiplexing = if invitation.asks_for_multiplexing { "|false" } else { "" };
    format!("1|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplexing}\n")
}
