//! The binary's parts: configuration, wiring, lifecycle, commands. No logic beyond wiring.

pub mod config;
pub mod system;
