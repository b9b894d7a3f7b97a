//! The binary's parts: configuration, wiring, lifecycle, commands. No logic beyond wiring.

pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod demo;
pub mod node;
pub mod out;
pub mod system;
