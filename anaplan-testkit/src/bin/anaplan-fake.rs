//! The fake as a program.
fn main() {}
