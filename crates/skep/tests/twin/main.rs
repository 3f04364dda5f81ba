//! The same object in the running kernel and on a machine like it: programs run on a sample of this thread there, on
//! one that is made up here, and every value that they leave is compared.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cpumask;
mod kptr;
mod objects;
mod pair;
mod socket;
mod storage;
mod tables;
