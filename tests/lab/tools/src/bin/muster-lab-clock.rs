//! Tells guests the machine's time.

fn main() -> std::io::Result<()> {
    muster_lab::clock::serve()
}
