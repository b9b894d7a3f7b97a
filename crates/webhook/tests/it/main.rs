//! The sender and the photo fetch against scripted receivers on loopback.

#![cfg(test)]

mod fetching;
mod guarding;
mod http2;
mod http2_receiver;
mod identities;
mod proxies;
mod receiver;
mod sending;
mod tls;
mod verifiers;
