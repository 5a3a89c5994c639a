//! A test that reads past an array, which Miri must report.

#[test]
fn reads_past_an_array() {
    let array = [1_u8, 2];
    // SAFETY: unsound on purpose.
    let past = unsafe { std::hint::black_box(array.as_ptr()).add(2).read() };
    std::hint::black_box(past);
}
