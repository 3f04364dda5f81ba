//! `struct bpf_perf_event_data` on x86-64, built from a sample; programs only read it.

use skep_abi::{Addr, Cpu, Sample, X86Regs};

use crate::memory::{Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Window};

/// Bytes of the context: 21 registers, the period, the data address.
pub const CONTEXT_SIZE: u64 = 184;
/// Offset of `sample_period`; the registers are before it, `addr` is after it.
pub const PERIOD_OFFSET: u64 = 168;

/// `__USER_CS` and `__KERNEL_CS`, for samples whose registers are unknown.
const USER_CS: u64 = 0x33;
const KERNEL_CS: u64 = 0x10;

/// A context for each CPU.
#[derive(Debug)]
pub(crate) struct Contexts(Slab);

impl Contexts {
    pub(crate) fn new(memory: &Memory, cpus: u32) -> Result<Self, OutOfMemory> {
        let label = Label::percpu("context", "bpf_perf_event_data", 1);
        let mut spec = SlabSpec::new(Window::Contexts, CONTEXT_SIZE, u64::from(cpus), label);
        spec.rights = Rights::READ_ONLY;
        memory.alloc(&spec).map(Self)
    }

    /// Fills the CPU's context with a sample of this period; `None` for a CPU that does not exist.
    pub(crate) fn fill(&self, cpu: Cpu, sample: &Sample, period: u64) -> Option<Addr> {
        let index = u64::from(cpu.0);
        if index >= self.0.count() {
            return None;
        }
        let words = regs(sample).words();
        let all = words.into_iter().chain([period, sample.addr]);
        let mut bytes = [0; CONTEXT_SIZE as usize];
        for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(all) {
            *to = u64::to_le_bytes(word);
        }
        self.0.write(index, 0, &bytes);
        Some(self.0.addr(index))
    }
}

/// The sample's registers; without any, the address and the mode are known.
// DEVIATION(linux): registers that a source does not know are zero, and the data address is zero where
// the kernel leaves what happens to be on its stack.
fn regs(sample: &Sample) -> X86Regs {
    sample.regs.unwrap_or_else(|| X86Regs {
        ip: sample.ip,
        cs: if sample.is_user_mode() { USER_CS } else { KERNEL_CS },
        orig_ax: u64::MAX,
        ..X86Regs::default()
    })
}

#[cfg(test)]
mod tests {
    use super::{CONTEXT_SIZE, Contexts, PERIOD_OFFSET};
    use crate::memory::{Memory, Width};
    use skep_abi::{Addr, Cpu, Sample, X86Regs};

    #[test]
    fn registers_period_and_address_lie_as_in_the_uapi() {
        let memory = Memory::new().unwrap();
        let contexts = Contexts::new(&memory, 2).unwrap();
        let regs = X86Regs { r15: 15, ip: 0x40, ss: 0x2b, ..X86Regs::default() };
        let sample = Sample { regs: Some(regs), addr: 0xabc, ..Sample::default() };
        let at = contexts.fill(Cpu(1), &sample, 7).unwrap();
        let word = |offset: u64| memory.load(Addr(at.0 + offset), Width::Dw);
        assert_eq!((word(0), word(128), word(160)), (Ok(15), Ok(0x40), Ok(0x2b)));
        assert_eq!((word(PERIOD_OFFSET), word(176)), (Ok(7), Ok(0xabc)));
        assert!(word(CONTEXT_SIZE).is_err());
        let fault = memory.store(at, Width::Dw, 1).unwrap_err().to_string();
        assert!(
            fault.contains("the context of bpf_perf_event_data on CPU 1 does not allow it"),
            "{fault}"
        );
        assert_eq!(contexts.fill(Cpu(2), &sample, 7), None);
    }

    #[test]
    fn without_registers_the_address_and_the_mode_are_there() {
        let memory = Memory::new().unwrap();
        let contexts = Contexts::new(&memory, 1).unwrap();
        let in_user = Sample { ip: 0x401000, ..Sample::default() };
        let at = contexts.fill(Cpu(0), &in_user, 1).unwrap();
        assert_eq!(memory.load(Addr(at.0 + 128), Width::Dw), Ok(0x401000));
        assert_eq!(memory.load(Addr(at.0 + 136), Width::Dw), Ok(0x33));
        assert_eq!(memory.load(Addr(at.0 + 120), Width::Dw), Ok(u64::MAX));
    }
}
