//! `skep profile`: where a process spends its time.

mod view;

#[cfg(test)]
mod tests;

pub(crate) use self::view::{FrameLine, FunctionRow, ProfileView, StackRow, TargetStatus};
