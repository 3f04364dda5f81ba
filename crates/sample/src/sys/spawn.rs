//! A child that waits between `fork` and `execve` until its events are open.

#![expect(unsafe_code, reason = "fork, and what may be done between it and execve")]

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr;

use rustix::pipe::{PipeFlags, pipe_with};

use super::checked;

/// Exit status of a child that was told to go away before it became the command.
const ABANDONED: libc::c_int = 125;

/// Where a child's standard output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildStdout {
    /// Where ours goes.
    #[default]
    Inherit,
    /// To standard error, since ours carries a document of our own.
    ToStderr,
}

/// A forked child that waits; dropping this lets it exit without having run anything.
#[derive(Debug)]
pub(crate) struct Forked {
    pub(crate) pid: i32,
    go: OwnedFd,
    exec_error: OwnedFd,
}

/// Everything that the child needs, made before `fork`, since it may not allocate afterwards.
struct Image {
    /// Where the command may be.
    paths: Vec<CString>,
    /// Whether these come from PATH.
    searched: bool,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

/// Forks a child that waits to become `command` (at least its name).
///
/// # Errors
/// When the name or an argument has a NUL byte, or the system refuses a pipe or a process.
pub(crate) fn fork(command: &[OsString], stdout: ChildStdout) -> io::Result<Forked> {
    let image = Image::new(command)?;
    let arguments = pointers(&image.arguments);
    // A script without `#!` is run by the shell, as `execvp(3)` does: sh, path, arguments.
    let shell = CString::from(c"/bin/sh");
    let mut script = vec![shell.as_ptr(), ptr::null()];
    script.extend(arguments.iter().skip(1));
    let environment = pointers(&image.environment);
    let (go_read, go) = pipe_with(PipeFlags::CLOEXEC)?;
    let (exec_error, error_write) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the child calls only async-signal-safe functions and never returns (see `child`).
    let pid = checked(unsafe { libc::fork() }.into())? as i32;
    if pid == 0 {
        child(&mut ChildPlan {
            paths: &image.paths,
            searched: image.searched,
            arguments: &arguments,
            script: &mut script,
            environment: &environment,
            stdout,
            go_read: go_read.as_raw_fd(),
            go_write: go.as_raw_fd(),
            error_write: error_write.as_raw_fd(),
        });
    }
    Ok(Forked { pid, go, exec_error })
}

impl Forked {
    /// Lets the child become the command, and waits until it has.
    ///
    /// # Errors
    /// What `execve(2)` said; the child has then exited and only needs to be reaped.
    pub(crate) fn start(self) -> io::Result<()> {
        rustix::io::write(&self.go, &[1])?;
        let mut errno = [0; 4];
        // The pipe closes with a successful execve.
        let read = rustix::io::retry_on_intr(|| rustix::io::read(&self.exec_error, &mut errno))?;
        if read == errno.len() {
            return Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)));
        }
        Ok(())
    }
}

impl Image {
    fn new(command: &[OsString]) -> io::Result<Self> {
        let name = command.first().ok_or(io::ErrorKind::InvalidInput)?;
        if name.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        let arguments = command.iter().map(|word| Ok(CString::new(word.as_bytes())?));
        let environment = std::env::vars_os().filter_map(|(key, value)| {
            let pair = [key.as_bytes(), b"=", value.as_bytes()].concat();
            CString::new(pair).ok()
        });
        Ok(Self {
            paths: candidates(name)?,
            searched: !name.as_bytes().contains(&b'/'),
            arguments: arguments.collect::<io::Result<_>>()?,
            environment: environment.collect(),
        })
    }
}

/// The paths that a command's name may mean: itself with a slash, else one for each directory of PATH.
fn candidates(name: &OsStr) -> io::Result<Vec<CString>> {
    if name.as_bytes().contains(&b'/') {
        return Ok(vec![CString::new(name.as_bytes())?]);
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    std::env::split_paths(&path)
        .map(|directory| Ok(CString::new(directory.join(name).into_os_string().into_vec())?))
        .collect()
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

struct ChildPlan<'a> {
    paths: &'a [CString],
    searched: bool,
    arguments: &'a [*const libc::c_char],
    script: &'a mut [*const libc::c_char],
    environment: &'a [*const libc::c_char],
    stdout: ChildStdout,
    go_read: RawFd,
    go_write: RawFd,
    error_write: RawFd,
}

/// The child's life between `fork` and `execve`: async-signal-safe calls only, nothing allocated, nothing dropped.
fn child(plan: &mut ChildPlan<'_>) -> ! {
    // With our own copy of the write end closed, the read below ends when the parent does.
    // SAFETY: close takes any number; the descriptor is not used again in this process.
    unsafe { libc::close(plan.go_write) };
    reset_signals();
    if plan.stdout == ChildStdout::ToStderr {
        // SAFETY: dup2 takes any numbers.
        unsafe { libc::dup2(2, 1) };
    }
    let mut byte = 0u8;
    let told = loop {
        // SAFETY: reads at most one byte into `byte`, which outlives the call.
        let read = unsafe { libc::read(plan.go_read, (&raw mut byte).cast(), 1) };
        if read != -1 || errno() != libc::EINTR {
            break read == 1;
        }
    };
    if !told {
        // SAFETY: _exit never returns and runs no handlers.
        unsafe { libc::_exit(ABANDONED) };
    }
    let error = exec(plan).to_ne_bytes();
    // SAFETY: writes the four bytes of `error`, which outlives the call.
    unsafe { libc::write(plan.error_write, error.as_ptr().cast(), error.len()) };
    // SAFETY: _exit never returns and runs no handlers.
    unsafe { libc::_exit(127) };
}

/// Tries each path; returns the error that tells most, as `execvp(3)` does.
fn exec(plan: &mut ChildPlan<'_>) -> i32 {
    let mut seen = libc::ENOENT;
    for path in plan.paths {
        let (arguments, environment) = (plan.arguments.as_ptr(), plan.environment.as_ptr());
        // SAFETY: path, arguments and environment are NUL-terminated strings in null-terminated arrays made before
        // the fork.
        unsafe { libc::execve(path.as_ptr(), arguments, environment) };
        match errno() {
            libc::ENOEXEC => {
                if let Some(script) = plan.script.get_mut(1) {
                    *script = path.as_ptr();
                }
                // SAFETY: as above; `script` is `/bin/sh`, the path and the same null-terminated arguments.
                unsafe { libc::execve(c"/bin/sh".as_ptr(), plan.script.as_ptr(), environment) };
                return errno();
            }
            // A folder of PATH that may not be searched says nothing about the command.
            error @ (libc::EACCES | libc::EPERM) if !plan.searched || exists(path) => seen = error,
            libc::EACCES | libc::EPERM => {}
            libc::ENOENT | libc::ENOTDIR => {}
            error => return error,
        }
    }
    seen
}

fn exists(path: &CString) -> bool {
    // SAFETY: the path is a NUL-terminated string; access only asks.
    unsafe { libc::access(path.as_ptr(), libc::F_OK) == 0 }
}

/// Undoes what Rust's runtime and our own signal handling would hand on: SIGPIPE ignored, signals blocked.
fn reset_signals() {
    // SAFETY: SIG_DFL is a valid disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the set that it is given.
    unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    // SAFETY: the set was initialised above; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) };
}

fn errno() -> i32 {
    // `last_os_error` only reads errno: no allocation, no lock.
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
