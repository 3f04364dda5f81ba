//! Memory of the sampled process, as of the sample where it was recorded.

use skep_abi::{Addr, Errno, UserStack};

use crate::Run;

/// Reads user memory for a run: see [`Run::read_user`].
pub(crate) fn read(run: &Run<'_>, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
    let Some(last) = (into.len() as u64).checked_sub(1) else { return Ok(()) };
    let last = addr.checked_add(last).ok_or(Errno::EFAULT)?;
    if !Addr(last).is_user() {
        return Err(Errno::EFAULT);
    }
    let live = |pid, addr, into: &mut [u8]| {
        run.machine.count_stale_user_read();
        run.user.read(pid, addr, into)
    };
    let Some(sample) = run.sample else { return live(run.task, addr, into) };
    let recorded =
        sample.user_stack_bytes.as_ref().and_then(|stack| overlap(stack, addr, into.len()));
    let Some((skip, bytes)) = recorded else { return live(sample.pid, addr, into) };
    let (head, rest) = into.split_at_mut(skip);
    let (middle, tail) = rest.split_at_mut(bytes.len());
    middle.copy_from_slice(bytes);
    if !head.is_empty() {
        live(sample.pid, addr, head)?;
    }
    if !tail.is_empty() {
        live(sample.pid, addr + (skip + bytes.len()) as u64, tail)?;
    }
    Ok(())
}

/// The recorded bytes among `len` bytes at `addr`, and how many bytes come before them.
fn overlap(stack: &UserStack, addr: u64, len: usize) -> Option<(usize, &[u8])> {
    let start = addr.max(stack.start);
    let end = (addr + len as u64).min(stack.start.saturating_add(stack.bytes.len() as u64));
    let bytes =
        stack.bytes.get((start - stack.start) as usize..end.checked_sub(stack.start)? as usize)?;
    (!bytes.is_empty()).then_some(((start - addr) as usize, bytes))
}
