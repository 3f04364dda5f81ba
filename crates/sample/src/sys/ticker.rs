//! A timer that interrupts blocking system calls of the thread that made it.
//!
//! `waitpid` has no time limit; a signal directed at the thread (`SIGEV_THREAD_ID`) ends it with `EINTR`.

#![expect(unsafe_code, reason = "POSIX timers have no safe wrapper")]

use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::checked;

/// A periodic timer; it must be dropped by the thread that made it.
#[derive(Debug)]
pub(crate) struct Ticker {
    timer: libc::timer_t,
    not_send: PhantomData<*const ()>,
}

extern "C" fn nothing(_signal: libc::c_int) {}

impl Ticker {
    /// Starts a timer that sends the calling thread a signal in each interval (1 ns to 1 s).
    pub(crate) fn start(interval: Duration) -> io::Result<Self> {
        let signal = free_signal()?;
        // SAFETY: sigevent is a plain struct of integers and a union, for which zeroes are valid.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        event.sigev_notify_thread_id = rustix::thread::gettid().as_raw_pid();
        let mut timer = std::ptr::null_mut();
        // SAFETY: both pointers are to locals that outlive the call; the notification runs no code of ours.
        let made =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        checked(made.into())?;
        let ticker = Self { timer, not_send: PhantomData };
        let nanos = interval.as_nanos().clamp(1, 1_000_000_000) as i64;
        let every =
            libc::timespec { tv_sec: nanos / 1_000_000_000, tv_nsec: nanos % 1_000_000_000 };
        let setting = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: the timer exists, `setting` outlives the call, and the old setting is not asked for.
        let set =
            unsafe { libc::timer_settime(timer, 0, &raw const setting, std::ptr::null_mut()) };
        checked(set.into())?;
        Ok(ticker)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: the timer was made by `start` and is deleted only here. The signal's handler stays installed,
        // since one may still be on its way.
        let deleted = unsafe { libc::timer_delete(self.timer) };
        debug_assert_eq!(deleted, 0, "deleting one's own timer cannot fail");
    }
}

/// A real-time signal that nobody in this process handles, made to do nothing but interrupt.
fn free_signal() -> io::Result<libc::c_int> {
    for signal in (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev() {
        // SAFETY: sigaction is a plain struct, for which zeroes are valid (no handler, empty mask, no flags).
        let mut old: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        // SAFETY: no new action is given; `old` outlives the call.
        let asked = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut old) };
        checked(asked.into())?;
        let ours = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        if old.sa_sigaction == ours {
            return Ok(signal);
        }
        if old.sa_sigaction != libc::SIG_DFL {
            continue;
        }
        let mut new = old;
        new.sa_sigaction = ours;
        // No SA_RESTART: the whole point is that the call in progress ends.
        new.sa_flags = 0;
        // SAFETY: `nothing` is an async-signal-safe function of the handler's type and lives for ever.
        let set = unsafe { libc::sigaction(signal, &raw const new, std::ptr::null_mut()) };
        checked(set.into())?;
        return Ok(signal);
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "every real-time signal is in use"))
}
