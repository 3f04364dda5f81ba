//! `ptrace(2)` of seized threads, and the `waitpid(2)` that goes with it.

#![expect(unsafe_code, reason = "ptrace has no safe wrapper")]

use std::io;

use skep_abi::X86Regs;

use super::checked;

const NT_PRSTATUS: usize = 1;

/// Starts to trace a thread without stopping it; its new threads and processes are traced too, and execs reported.
pub(crate) fn seize(tid: i32) -> io::Result<()> {
    let options = libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACEEXEC;
    request(libc::PTRACE_SEIZE, tid, 0, options as usize)
}

/// Asks a running thread to stop soon.
pub(crate) fn interrupt(tid: i32) -> io::Result<()> {
    request(libc::PTRACE_INTERRUPT, tid, 0, 0)
}

/// Lets a stopped thread run on, with a signal or (0) without.
pub(crate) fn cont(tid: i32, signal: i32) -> io::Result<()> {
    request(libc::PTRACE_CONT, tid, 0, signal as usize)
}

/// Leaves a thread in its group stop, to be told when that ends.
pub(crate) fn listen(tid: i32) -> io::Result<()> {
    request(libc::PTRACE_LISTEN, tid, 0, 0)
}

/// Stops tracing a stopped thread and lets it run on, with a signal or (0) without.
pub(crate) fn detach(tid: i32, signal: i32) -> io::Result<()> {
    request(libc::PTRACE_DETACH, tid, 0, signal as usize)
}

/// A request whose address and data are numbers.
fn request(request: libc::c_uint, tid: i32, address: usize, data: usize) -> io::Result<()> {
    // SAFETY: none of the requests made here reads or writes memory of ours.
    let answer = unsafe { libc::ptrace(request, tid, address, data) };
    checked(answer).map(drop)
}

/// The number that belongs to the event which stopped a thread: a new thread's id, or the id before an exec.
pub(crate) fn event_message(tid: i32) -> io::Result<u64> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: GETEVENTMSG writes one unsigned long, which `message` is and outlives the call.
    let answer = unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, tid, 0usize, &raw mut message) };
    checked(answer)?;
    Ok(message)
}

/// The registers of a stopped thread, or `None` for a 32-bit program.
pub(crate) fn registers(tid: i32) -> io::Result<Option<X86Regs>> {
    // `struct user_regs_struct`: the 21 words of pt_regs, then six segment words.
    let mut words = [0u64; 27];
    let mut vector =
        libc::iovec { iov_base: words.as_mut_ptr().cast(), iov_len: size_of_val(&words) };
    // SAFETY: GETREGSET writes at most `iov_len` bytes to `iov_base`, which `words` has, and updates `vector`.
    let answer = unsafe { libc::ptrace(libc::PTRACE_GETREGSET, tid, NT_PRSTATUS, &raw mut vector) };
    checked(answer)?;
    if vector.iov_len != size_of_val(&words) {
        return Ok(None);
    }
    let [
        r15,
        r14,
        r13,
        r12,
        bp,
        bx,
        r11,
        r10,
        r9,
        r8,
        ax,
        cx,
        dx,
        si,
        di,
        orig_ax,
        ip,
        cs,
        flags,
        sp,
        ss,
        ..,
    ] = words;
    Ok(Some(X86Regs {
        r15,
        r14,
        r13,
        r12,
        bp,
        bx,
        r11,
        r10,
        r9,
        r8,
        ax,
        cx,
        dx,
        si,
        di,
        orig_ax,
        ip,
        cs,
        flags,
        sp,
        ss,
    }))
}

/// Waits for a child or a traced thread of the calling thread: its id and wait status.
///
/// Returns `None` when `block` is false and nothing happened.
///
/// # Errors
/// `EINTR` when a signal came first, `ECHILD` when there is nobody to wait for.
pub(crate) fn wait(block: bool) -> io::Result<Option<(i32, i32)>> {
    let mut status = 0;
    let options = libc::__WALL | libc::__WNOTHREAD | if block { 0 } else { libc::WNOHANG };
    // SAFETY: waitpid writes one int, which `status` is and outlives the call.
    let tid = unsafe { libc::waitpid(-1, &raw mut status, options) };
    checked(tid.into())?;
    Ok((tid != 0).then_some((tid, status)))
}
