//! How the API spells the source/destination check of a port: it is off if and only if the allowed address pairs hold
//! `1.1.1.1/0`. There is no attribute of that name.

use super::{AddressPair, Port};

const CHECK_OFF: &str = "1.1.1.1/0";

impl AddressPair {
    /// The pair that switches the check off.
    pub fn source_check_off() -> Self {
        Self { ip_address: CHECK_OFF.to_owned(), mac_address: None }
    }

    /// The pair stands for the check and not for an address. The cloud may add the port's MAC address to it.
    pub fn is_source_check_off(&self) -> bool {
        self.ip_address == CHECK_OFF
    }
}

impl Port {
    pub fn is_source_check_on(&self) -> bool {
        !self.address_pairs.iter().any(AddressPair::is_source_check_off)
    }
}
