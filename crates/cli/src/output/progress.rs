//! A line that shows that something is happening: on standard error, only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The line; it is wiped when the value goes away.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Starts the line. `length` is how long it will take, where that is known.
    pub(crate) fn start(length: Option<Duration>) -> Self {
        // stderr() hides itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(
            length.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            ProgressDrawTarget::stderr(),
        );
        let template = match length {
            Some(_) => "{spinner} {elapsed} [{bar:30}] {msg}",
            None => "{spinner} {elapsed} {msg}",
        };
        // The templates are constants that indicatif takes; its own default is the fallback.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Shows how far it has come.
    pub(crate) fn update(&self, samples: u64, lost: u64) {
        if self.0.length().is_some() {
            self.0.set_position(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
        let lost = if lost == 0 { String::new() } else { format!(", {lost} lost") };
        self.0.set_message(format!("{samples} samples{lost}; Ctrl-C ends it with results"));
    }

    /// Shows which program is judged.
    pub(crate) fn checking(&self, object: &str, program: &str) {
        self.0.set_message(format!("checking {object}: {program}"));
    }

    /// Shows how many addresses have their names.
    pub(crate) fn naming(&self, done: usize, total: usize) {
        self.0.set_message(format!("naming {done} of {total} addresses"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
