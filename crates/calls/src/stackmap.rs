//! `kernel/bpf/stackmap.c`: call stacks of the sample.
//!
//! A perf_event program whose event records call chains gets the recorded one, with the markers that tell its
//! kernel part from its user part; without it, and in all other programs, the stack is unwound from the
//! interrupted registers, and has no markers.

use skep_abi::{Errno, KernelVersion, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER, ProgType};
use skep_machine::Kernel;
use skep_machine::map::MapFlags;
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Ctx, SizeOrZero, UninitMem};
use crate::map::wrong_map;
use crate::ret::Answer;

/// Entries to leave out.
const SKIP_MASK: u64 = 0xff;
/// The user stack instead of the kernel stack.
const USER_STACK: u64 = 1 << 8;
/// Stacks with the same hash count as the same.
const FAST_STACK_CMP: u64 = 1 << 9;
/// A stack that is in the way is replaced.
const REUSE_STACKID: u64 = 1 << 10;
/// Build id and offset instead of addresses.
const USER_BUILD_ID: u64 = 1 << 11;

/// `sysctl_perf_event_max_stack`
const MAX_STACK: usize = 127;
/// First release in which `bpf_get_stack` cuts a recorded call chain to 127 entries, markers included.
const CUT_SINCE: KernelVersion = KernelVersion::new(6, 18);
/// `sizeof(struct bpf_stack_build_id)`
const BUILD_ID_SIZE: usize = 32;
/// `BPF_STACK_BUILD_ID_IP`: the build id is not known, the address is.
const BUILD_ID_IP: u32 = 2;

/// Call stacks.
pub(crate) struct Stacks;

#[calls(gpl, avail { TRACING })]
impl Stacks {
    /// Stores the stack of the sample in a `STACK_TRACE` map; returns its id.
    ///
    /// `flags`: how many innermost entries to skip (0 to 255), `BPF_F_USER_STACK` (0x100),
    /// `BPF_F_FAST_STACK_CMP` (0x200), `BPF_F_REUSE_STACKID` (0x400).
    ///
    /// *Errors*: `EINVAL` for other flags, `EFAULT` when nothing is left after the skipped entries, `EEXIST` when
    /// another stack has the id, `ENOMEM` when the map is full.
    // DEVIATION(linux): when a skip of 127 meets a longer recorded chain, the kernel stores a stack without
    // entries; here nothing is left, as everywhere else (`EFAULT`).
    #[helper(27, since = "4.6", gpl except [PerfEvent], effect = CallsStackWalk)]
    fn bpf_get_stackid(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        map: ConstMap,
        flags: Anything,
    ) -> Answer<i64> {
        let map = k.run.machine.map_at(map.0)?;
        let Some(traces) = map.stack_trace() else {
            return Err(wrong_map("bpf_get_stackid", map).into());
        };
        let flags = flags.0;
        if flags & !(SKIP_MASK | USER_STACK | FAST_STACK_CMP | REUSE_STACKID) != 0 {
            return Err(Errno::EINVAL.into());
        }
        let has_build_ids = map.def().flags.contains(MapFlags::STACK_BUILD_ID);
        let element = if has_build_ids { BUILD_ID_SIZE } else { 8 };
        let stack = Stack::of(k, flags, map.def().value_size as usize / element)?;
        let ips = stack.chain.get(stack.skip..).filter(|ips| !ips.is_empty());
        let ips = ips.ok_or(Errno::EFAULT)?;
        // Past the longest stack the kernel's unsigned difference is no limit any more.
        let room = stack.depth.checked_sub(stack.skip).unwrap_or(ips.len());
        Ok(traces.insert(k.run.cpu, &ips[..ips.len().min(room)], flags)?.into())
    }

    /// Copies the stack of the sample, innermost address first; returns the number of bytes.
    ///
    /// The rest of the buffer is zeroed. `flags`: how many innermost entries to skip (0 to 255),
    /// `BPF_F_USER_STACK` (0x100), `BPF_F_USER_BUILD_ID` (0x800, for user stacks only).
    ///
    /// *Errors*, with the buffer zeroed: `EINVAL` for other flags or when `size` is no multiple of 8 (of 32 with
    /// build ids), `EFAULT` when more entries are skipped than there are.
    // DEVIATION(linux): build ids are not looked up; every entry says that only its address is known, as the
    // kernel's do when it cannot take the lock of the mappings.
    // DEVIATION(linux): since 6.18 (and in newer 6.12) the kernel cuts the recorded call chain to the buffer of
    // a user stack request, so that later calls of the same run find less; here each call finds the whole chain.
    #[helper(67, since = "4.18", effect = CallsStackWalk)]
    fn bpf_get_stack(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        buf: UninitMem,
        size: SizeOrZero,
        flags: Anything,
    ) -> Answer<i64> {
        let memory = k.run.memory();
        let size = u64::from(size.cut());
        memory.fill(buf.0, size, 0)?;
        let flags = flags.0;
        let (user, build_id) = (flags & USER_STACK != 0, flags & USER_BUILD_ID != 0);
        if flags & !(SKIP_MASK | USER_STACK | USER_BUILD_ID) != 0 || (build_id && !user) {
            return Err(Errno::EINVAL.into());
        }
        let element = if build_id { BUILD_ID_SIZE } else { 8 };
        if size % element as u64 != 0 {
            return Err(Errno::EINVAL.into());
        }
        let entries = size as usize / element;
        let mut stack = Stack::of(k, flags, entries)?;
        if k.run.machine.version() >= CUT_SINCE {
            stack.chain.truncate(stack.depth);
        }
        let ips = stack.chain.get(stack.skip..).ok_or(Errno::EFAULT)?;
        let ips = &ips[..ips.len().min(entries)];
        let bytes: Vec<u8> = if build_id {
            ips.iter().flat_map(|ip| unknown_build_id(*ip)).collect()
        } else {
            ips.iter().flat_map(|ip| ip.to_le_bytes()).collect()
        };
        memory.write(buf.0, &bytes)?;
        Ok(bytes.len() as i64)
    }
}

/// `struct bpf_stack_build_id` of an address without a build id.
fn unknown_build_id(ip: u64) -> [u8; BUILD_ID_SIZE] {
    let mut entry = [0; BUILD_ID_SIZE];
    entry[..4].copy_from_slice(&BUILD_ID_IP.to_le_bytes());
    entry[24..].copy_from_slice(&ip.to_le_bytes());
    entry
}

/// A call chain and the part of it that was asked for.
struct Stack {
    chain: Vec<u64>,
    skip: usize,
    /// Entries that matter, the skipped ones included (`stack_map_calculate_max_depth`).
    depth: usize,
}

impl Stack {
    /// The chain for these flags and a buffer of so many entries.
    fn of(k: &Kernel<'_, '_>, flags: u64, entries: usize) -> Result<Self, Errno> {
        let user = flags & USER_STACK != 0;
        let asked = (flags & SKIP_MASK) as usize;
        let depth = |skip: usize| (entries + skip).min(MAX_STACK);
        let has_chain = k.run.prog_type == ProgType::PerfEvent
            && k.run.event.is_some_and(|event| event.attr().callchain());
        if !has_chain {
            let mut chain = unwound(k, user);
            chain.truncate(depth(asked));
            return Ok(Self { chain, skip: asked, depth: depth(asked) });
        }
        let mut chain = recorded(k);
        let kernel = chain.iter().position(|ip| *ip == PERF_CONTEXT_USER).unwrap_or(chain.len());
        let mut skip = asked;
        if user {
            skip += kernel;
            if skip as u64 > SKIP_MASK {
                return Err(Errno::EFAULT);
            }
        } else {
            chain.truncate(kernel);
        }
        Ok(Self { chain, skip, depth: depth(skip) })
    }
}

/// What an unwinder finds from the interrupted registers.
fn unwound(k: &Kernel<'_, '_>, user: bool) -> Vec<u64> {
    match k.run.sample {
        Some(sample) if user => sample.user_stack.clone(),
        Some(sample) if !sample.is_user_mode() => sample.kernel_stack.clone(),
        _ => Vec::new(),
    }
}

/// The call chain that perf recorded with the sample: each part behind its marker.
fn recorded(k: &Kernel<'_, '_>) -> Vec<u64> {
    let mut chain = Vec::new();
    let (Some(sample), Some(event)) = (k.run.sample, k.run.event) else { return chain };
    if !event.attr().exclude_callchain_kernel && !sample.is_user_mode() {
        chain.push(PERF_CONTEXT_KERNEL);
        chain.extend(sample.kernel_stack.iter().take(MAX_STACK));
    }
    let is_kthread = k.run.machine.tasks().get(k.run.task).is_some_and(|task| task.is_kthread);
    if !event.attr().exclude_callchain_user && !is_kthread {
        let room = (MAX_STACK + 1).saturating_sub(chain.len()).min(MAX_STACK);
        chain.push(PERF_CONTEXT_USER);
        chain.extend(sample.user_stack.iter().take(room));
    }
    chain
}
