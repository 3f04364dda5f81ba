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

#[cfg(test)]
mod tests {
    use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType, Sample, UserStack};

    use crate::{Machine, Run, UserMemory};

    /// Pages from 0x1000 to 0x3000 whose bytes are their low address byte.
    struct Pages;

    impl UserMemory for Pages {
        fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Result<(), Errno> {
            assert_eq!(pid, Pid(5));
            if addr < 0x1000 || addr + into.len() as u64 > 0x3000 {
                return Err(Errno::EFAULT);
            }
            into.iter_mut().zip(addr..).for_each(|(byte, at)| *byte = at as u8);
            Ok(())
        }
    }

    #[test]
    fn recorded_stack_bytes_come_before_the_process() {
        let machine = Machine::builder().build().unwrap();
        let stack = UserStack { start: 0x2000, bytes: vec![0xaa; 16] };
        let sample = Sample { pid: Pid(5), user_stack_bytes: Some(stack), ..Sample::default() };
        let run = Run {
            machine: &machine,
            cpu: Cpu(0),
            prog: ProgId(0),
            prog_type: ProgType::PerfEvent,
            ctx: Addr::NULL,
            task: Pid(5),
            sample: Some(&sample),
            event: None,
            cookie: 0,
            user: &Pages,
        };
        let read = |addr, len: usize| {
            let mut bytes = vec![0; len];
            run.read_user(addr, &mut bytes).map(|()| bytes)
        };
        assert_eq!(read(0x2000, 16), Ok(vec![0xaa; 16]));
        assert_eq!(machine.stale_user_reads(), 0);
        assert_eq!(read(0x1ffe, 4), Ok(vec![0xfe, 0xff, 0xaa, 0xaa]));
        assert_eq!(read(0x200e, 4), Ok(vec![0xaa, 0xaa, 0x10, 0x11]));
        assert_eq!(machine.stale_user_reads(), 2);
        assert_eq!(
            read(0x1fff, 18).map(|bytes| (bytes[0], bytes[1], bytes[17])),
            Ok((0xff, 0xaa, 0x10))
        );
        assert_eq!(read(0x1500, 2), Ok(vec![0, 1]));
        assert_eq!(read(0x2fff, 2), Err(Errno::EFAULT));
        assert_eq!(read(1 << 47, 1), Err(Errno::EFAULT), "no user space");
        assert_eq!(read(u64::MAX, 2), Err(Errno::EFAULT));
        assert_eq!(read(0, 0), Ok(vec![]));
    }
}
