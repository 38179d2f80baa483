//! The desktop turret.
mod options;
mod pinned;
mod review;
fn main() {}
