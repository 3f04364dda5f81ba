//! A simulated CPU: who runs on it, its stack, its random numbers, its place in the topology.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use skep_abi::{Addr, Cpu, Node};

use crate::memory::{Label, Memory, OutOfMemory, Slab, SlabSpec, Window};

/// Bytes of a program's stack frame (`MAX_BPF_STACK`).
pub const FRAME_SIZE: u64 = 512;
/// Frames of one CPU: more than any verified program can nest (8), so that runaway recursion is found
/// by whoever counts calls.
pub const FRAMES: u64 = 64;

/// One stack frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Lowest address.
    pub base: Addr,
    /// Address after the highest byte: the frame pointer (R10).
    pub top: Addr,
}

/// State of one CPU.
#[derive(Debug)]
pub struct CpuState {
    cpu: Cpu,
    node: Node,
    busy: AtomicBool,
    random: AtomicU64,
    stack: Slab,
}

/// Holds a CPU busy while a program runs on it; see [`CpuState::enter`].
#[derive(Debug)]
pub struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl CpuState {
    pub(crate) fn new(
        cpu: Cpu,
        node: Node,
        seed: u64,
        memory: &Memory,
    ) -> Result<Self, OutOfMemory> {
        let label = Label::new("frame", format!("the stack of CPU {cpu}"));
        let mut spec = SlabSpec::new(Window::Stacks, FRAME_SIZE, FRAMES, label);
        spec.stride = 2 * FRAME_SIZE;
        spec.is_each_alive = true;
        let random = AtomicU64::new(seed ^ u64::from(cpu.0).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Ok(Self { cpu, node, busy: AtomicBool::new(false), random, stack: memory.alloc(&spec)? })
    }

    /// Its number.
    #[must_use]
    pub fn cpu(&self) -> Cpu {
        self.cpu
    }

    /// Its NUMA node.
    #[must_use]
    pub fn node(&self) -> Node {
        self.node
    }

    /// Takes the CPU for one run (`bpf_prog_active`); `None` while a program runs on it, which is when
    /// the kernel drops a sample.
    #[must_use]
    pub fn enter(&self) -> Option<Busy<'_>> {
        let was_busy = self.busy.swap(true, Ordering::Acquire);
        (!was_busy).then_some(Busy(&self.busy))
    }

    /// The next random number of this CPU (`bpf_get_prandom_u32`); the same ones in every run with the
    /// same seed.
    // DEVIATION(linux): the kernel seeds a Tausworthe generator from entropy; here it is SplitMix64 from
    // the machine's seed, so that runs repeat.
    pub fn prandom_u32(&self) -> u32 {
        let mut z = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// Brings a stack frame to life; its bytes are whatever was there. `None` from [`FRAMES`] on.
    pub fn push_frame(&self, memory: &Memory, depth: u64) -> Option<Frame> {
        if depth >= FRAMES {
            return None;
        }
        memory.set_live(&self.stack, depth, true);
        let base = self.stack.addr(depth);
        Some(Frame { base, top: base.offset(FRAME_SIZE.cast_signed()) })
    }

    /// Ends the life of a stack frame: a pointer into it faults from now on.
    pub fn pop_frame(&self, memory: &Memory, depth: u64) {
        if depth < FRAMES {
            memory.set_live(&self.stack, depth, false);
        }
    }
}
