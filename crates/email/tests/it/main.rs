//! Messages read, built and answered through the public functions; hostile ones, and those of other projects.

#![cfg(test)]

mod corpora;
mod fuzz;
mod hostile;
mod mutate;
mod promises;
mod reading;
#[path = "../../examples/hostile/shapes.rs"]
mod shapes;
