//! The running kernel's answers, where it may be asked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ask;
mod events;
mod info;
mod left;
mod links;
mod loading;
mod maps;
mod probes;
mod rings;
mod test_runs;
mod verdicts;
