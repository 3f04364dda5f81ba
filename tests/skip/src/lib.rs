//! Tests that cannot run here say why, and are heard: the test harness swallows what passing tests print by `println!`
//! and `eprintln!`, but not what they write to standard error themselves.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Tells on standard error that the running test is skipped; takes what `format!` takes.
#[macro_export]
macro_rules! skipped {
    ($($why:tt)+) => {
        $crate::tell(format_args!($($why)+))
    };
}

/// Tells on standard error that the running test is skipped, and why.
pub fn tell(why: impl Display) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // One write, so that tests that run at the same time do not mix their lines. Nobody may listen: so be it.
    let _ = stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}
