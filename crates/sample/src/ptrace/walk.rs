//! The user stack of a stopped thread, along frame pointers, as the kernel walks it (`perf_callchain_user`,
//! `arch/x86/events/core.c`).

use skep_abi::{UserStack, X86Regs};

use crate::proc::ProcessMemory;

/// Entries of a callchain (`kernel.perf_event_max_stack`).
const MAX_STACK: usize = 127;
/// User addresses end here.
const USER_END: u64 = 1 << 47;

/// The instruction address, then return addresses, innermost first; words are taken from the copied bytes, or else
/// from the process.
pub(super) fn frame_pointers(
    regs: &X86Regs,
    copied: &UserStack,
    memory: ProcessMemory,
) -> Vec<u64> {
    let mut stack = vec![regs.ip];
    let mut frame = regs.bp;
    while stack.len() < MAX_STACK && (1..USER_END - 16).contains(&frame) {
        let Some([next, caller]) = pair(frame, copied, memory) else { break };
        // The kernel stores whatever it finds; zero ends a chain without telling anything.
        if caller == 0 {
            break;
        }
        stack.push(caller);
        frame = next;
    }
    stack
}

fn pair(address: u64, copied: &UserStack, memory: ProcessMemory) -> Option<[u64; 2]> {
    let mut bytes = [0; 16];
    let offset = address.checked_sub(copied.start).and_then(|offset| usize::try_from(offset).ok());
    match offset.and_then(|offset| copied.bytes.get(offset..offset.checked_add(16)?)) {
        Some(known) => bytes.copy_from_slice(known),
        None => memory.read_exact(address, &mut bytes).ok()?,
    }
    let (words, _) = bytes.as_chunks::<8>();
    match words {
        [next, caller] => Some([u64::from_le_bytes(*next), u64::from_le_bytes(*caller)]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_abi::Pid;

    #[test]
    fn frames_are_followed_through_copied_bytes_and_memory() {
        // The outer frame lies only in (our own) memory, the inner one only in copied bytes.
        let outer = [0u64, 0x3000];
        let inner = [outer.as_ptr() as u64, 0x2000];
        let bytes = inner.iter().flat_map(|word| word.to_le_bytes()).collect();
        let copied = UserStack { start: 0x10, bytes };
        let regs = X86Regs { ip: 0x1000, bp: 0x10, ..X86Regs::default() };
        let memory = ProcessMemory::new(Pid(std::process::id()));
        assert_eq!(frame_pointers(&regs, &copied, memory), [0x1000, 0x2000, 0x3000]);
    }

    #[test]
    fn a_frame_that_leads_to_itself_ends() {
        let bytes = [8u64, 0x2000].iter().flat_map(|word| word.to_le_bytes()).collect();
        let copied = UserStack { start: 8, bytes };
        let regs = X86Regs { ip: 0x1000, bp: 8, ..X86Regs::default() };
        let memory = ProcessMemory::new(Pid(std::process::id()));
        assert_eq!(frame_pointers(&regs, &copied, memory).len(), MAX_STACK);
        let regs = X86Regs { bp: u64::MAX, ..regs };
        assert_eq!(frame_pointers(&regs, &copied, memory), [0x1000]);
    }
}
