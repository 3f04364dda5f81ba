//! The catalogue as a whole: rules for every entry, each call run on a simulated machine, and both held against
//! the running kernel.

#![expect(clippy::unwrap_used, reason = "what cannot go on in a test has failed")]

mod bench;
mod entries;
mod kernel;
mod kfuncs;
mod run;
