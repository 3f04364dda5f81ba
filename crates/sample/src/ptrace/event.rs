//! Wait statuses of seized threads (`ptrace(2)`, "Stopped states").

/// Why a traced thread stopped or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It exited or was killed.
    Ended,
    /// A signal is about to be delivered.
    Signal(i32),
    /// It made a thread or process.
    Made,
    /// It became another program.
    Exec,
    /// It was interrupted, has just begun, or its group stop ended.
    Trap,
    /// It stopped with its whole process, by SIGSTOP and its like.
    Group,
}

/// `PTRACE_EVENT_STOP`.
const EVENT_STOP: i32 = 128;

impl Stop {
    /// Reads a wait status.
    pub(super) fn from_wait(status: i32) -> Self {
        if !libc::WIFSTOPPED(status) {
            return Self::Ended;
        }
        let signal = libc::WSTOPSIG(status);
        match status >> 16 {
            0 => Self::Signal(signal),
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                Self::Made
            }
            libc::PTRACE_EVENT_EXEC => Self::Exec,
            EVENT_STOP if signal != libc::SIGTRAP => Self::Group,
            _ => Self::Trap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_read_as_the_manual_lists_them() {
        let stopped = |event: i32, signal: i32| event << 16 | signal << 8 | 0x7f;
        assert_eq!(Stop::from_wait(0), Stop::Ended);
        assert_eq!(Stop::from_wait(libc::SIGKILL), Stop::Ended);
        assert_eq!(Stop::from_wait(stopped(0, libc::SIGUSR1)), Stop::Signal(libc::SIGUSR1));
        assert_eq!(Stop::from_wait(stopped(0, libc::SIGTRAP)), Stop::Signal(libc::SIGTRAP));
        assert_eq!(Stop::from_wait(stopped(libc::PTRACE_EVENT_CLONE, libc::SIGTRAP)), Stop::Made);
        assert_eq!(Stop::from_wait(stopped(libc::PTRACE_EVENT_EXEC, libc::SIGTRAP)), Stop::Exec);
        assert_eq!(Stop::from_wait(stopped(EVENT_STOP, libc::SIGTRAP)), Stop::Trap);
        assert_eq!(Stop::from_wait(stopped(EVENT_STOP, libc::SIGTSTP)), Stop::Group);
    }
}
