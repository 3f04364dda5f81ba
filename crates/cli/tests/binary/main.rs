//! The real binary, from the outside: what it prints, where, and with which exit status.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attach;
mod check;
mod command_line;
mod diff;
mod dump;
mod elf;
mod engine;
mod failure;
mod killed;
mod list;
mod live;
mod machine;
mod perf;
mod plugin;
mod recording;
mod schema;
mod skep;
mod smt;
