//! placeholder

pub mod unwind;
