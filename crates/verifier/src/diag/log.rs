//! The log in the kernel's form.

/// What the kernel would print; nothing unless asked for.
#[derive(Debug, Default)]
pub(crate) struct Log {
    level: u32,
    text: String,
}

impl Log {
    /// A log of this level; 0 keeps nothing.
    pub(crate) fn new(level: u32) -> Self {
        Self { level, text: String::new() }
    }

    /// The text, when any was asked for.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (self.level > 0).then(|| core::mem::take(&mut self.text))
    }
}
