//! The flags that say how a receiver reads its secret.

use clap::Args;
use domain::endpoint::{KeyMode, KeyModes};

use crate::commands::parse::one_of;

/// What of the secret is the key, where the receiver does not read it in the usual way.
#[derive(Args)]
pub(super) struct KeyFlags {
    /// What of the secret is the key of the v1= signature.
    #[arg(long, value_name = "MODE", value_parser = one_of!(KeyMode), default_value = KeyModes::default().partner.as_str())]
    key_mode: KeyMode,
    /// What of the secret is the key of the Standard Webhooks signature.
    #[arg(long, value_name = "MODE", value_parser = one_of!(KeyMode), default_value = KeyModes::default().standard.as_str())]
    standard_key_mode: KeyMode,
}

impl KeyFlags {
    pub(super) fn modes(&self) -> KeyModes {
        KeyModes { partner: self.key_mode, standard: self.standard_key_mode }
    }
}
