//! Drives a running server with the unmodified Rust SDK `inkbox` from crates.io.
//!
//! Takes the version of the SDK (0.5 or 0.7), the base URL and an organization's key. Prints one line for
//! each thing that works, and panics at the first that does not. The steps are in `drive.rs`.

#![expect(clippy::duplicate_mod, reason = "the steps are taken once with each version")]

mod newer;
mod receiver;
mod v05;
mod v07;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [version, base_url, key] if version == "0.5" => v05::drive(base_url, key),
        [version, base_url, key] if version == "0.7" => {
            v07::drive(base_url, key);
            newer::drive(base_url, key);
        }
        _ => panic!("wanted: 0.5|0.7 BASE_URL KEY"),
    }
}
