//! A program of a selftest, and what each side makes of it.

use serde::{Deserialize, Serialize};

/// Which program, judged as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Case {
    /// The object's file name without `.o`.
    pub(crate) object: String,
    /// The program's name.
    pub(crate) program: String,
    /// Its section.
    pub(crate) section: String,
    /// The type that it is judged as.
    pub(crate) prog_type: String,
    /// Whether that is not its own: tracepoint programs are judged as perf_event, too.
    pub(crate) is_borrowed: bool,
}

/// A verdict of either side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// A positive error number; 0 when accepted.
    pub(crate) errno: u16,
    /// Last line of the log before its statistics, or why there is no verdict.
    pub(crate) message: String,
    pub(crate) insns: u64,
    pub(crate) total_states: u64,
    pub(crate) peak_states: u64,
    /// Microseconds.
    pub(crate) time: u64,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Accepted,
    Rejected,
    /// skep does not know.
    Unsupported,
    /// It was never judged: no such attach target, a map that cannot be created, refused without a log.
    NotLoadable,
    /// skep panicked.
    Crashed,
    /// skep took longer than it may.
    TimedOut,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unsupported => "unsupported",
            Self::NotLoadable => "not-loadable",
            Self::Crashed => "crashed",
            Self::TimedOut => "timed-out",
        }
    }
}

impl Answer {
    /// No verdict.
    pub(crate) fn none(outcome: Outcome, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { outcome, errno: 0, message, insns: 0, total_states: 0, peak_states: 0, time: 0 }
    }

    /// Whether the kernel has decided: accepted, or rejected with a reason.
    pub(crate) fn is_decided(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted | Outcome::Rejected)
    }
}

/// A row of the comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) case: Case,
    pub(crate) kernel: Answer,
    pub(crate) skep: Answer,
}

/// How the sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Difference {
    None,
    FalseAccept,
    FalseReject,
    Unsupported,
    Crashed,
    TimedOut,
    /// The verdicts agree, the last messages do not.
    Message,
    /// The verdicts agree, the insns processed differ by more than a quarter.
    Insns,
}

impl Difference {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::FalseAccept => "false-accept",
            Self::FalseReject => "false-reject",
            Self::Unsupported => "unsupported",
            Self::Crashed => "crashed",
            Self::TimedOut => "timed-out",
            Self::Message => "message",
            Self::Insns => "insns",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        use Difference as D;
        [
            D::FalseAccept,
            D::FalseReject,
            D::Unsupported,
            D::Crashed,
            D::TimedOut,
            D::Message,
            D::Insns,
        ]
        .into_iter()
        .find(|difference| difference.name() == name)
    }

    /// Whether the verdicts are the same.
    pub(crate) fn agrees(self) -> bool {
        matches!(self, Self::None | Self::Message | Self::Insns)
    }
}

impl Row {
    /// Whether the insns processed differ by at most a quarter of the kernel's.
    pub(crate) fn is_near(&self) -> bool {
        self.kernel.insns.abs_diff(self.skep.insns) * 4 <= self.kernel.insns
    }

    /// How the sides differ; [`Difference::None`] when the kernel has not decided.
    pub(crate) fn difference(&self) -> Difference {
        use Outcome as O;
        match (self.kernel.outcome, self.skep.outcome) {
            (O::Accepted, O::Accepted) if self.is_near() => Difference::None,
            (O::Accepted, O::Accepted) => Difference::Insns,
            (O::Rejected, O::Rejected) if self.kernel.message == self.skep.message => {
                Difference::None
            }
            (O::Rejected, O::Rejected) => Difference::Message,
            (O::Rejected, O::Accepted) => Difference::FalseAccept,
            (O::Accepted, O::Rejected) => Difference::FalseReject,
            (O::Accepted | O::Rejected, O::Crashed) => Difference::Crashed,
            (O::Accepted | O::Rejected, O::TimedOut) => Difference::TimedOut,
            (O::Accepted | O::Rejected, O::Unsupported | O::NotLoadable) => Difference::Unsupported,
            _ => Difference::None,
        }
    }
}
