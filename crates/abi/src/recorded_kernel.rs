//! What a kernel of the past has to do with the one that runs.

/// What the kernel that was recorded has to do with the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedKernel {
    /// It runs still: the release is the same, and its functions lie where they lay.
    Running,
    /// The release is the same, and so is the vDSO; it was booted since, or hides where its functions lie.
    SameRelease,
    /// It is another one, or not told.
    Other,
}
