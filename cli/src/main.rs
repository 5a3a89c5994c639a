//! The command `oci-hooks`.

fn main() {}
