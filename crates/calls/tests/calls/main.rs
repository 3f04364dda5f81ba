//! The catalogue as a whole: rules for every entry, each call run on a simulated machine, and both held against
//! the running kernel.

mod bench;
mod entries;
mod kernel;
mod run;
