//! Ids that are the same in every run: derived from what they name, so that a demo prints the same text twice.

use aws_lc_rs::digest::{SHA256, digest};

/// A UUID for the thing of this kind with this name, in version 4 layout.
pub fn uuid(kind: &str, name: &str) -> String {
    let hash = digest(&SHA256, format!("{kind}\n{name}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// 32 hexadecimal digits, the form of project, domain and request ids.
pub fn hex32(kind: &str, name: &str) -> String {
    uuid(kind, name).replace('-', "")
}

/// The hardware address of a port, in the range the cloud uses.
pub fn mac(port_id: &str) -> String {
    let hash = digest(&SHA256, port_id.as_bytes());
    let b = hash.as_ref();
    format!("fa:16:3e:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2])
}
