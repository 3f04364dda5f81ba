//! `kernel/bpf/cpumask.c`: reference-counted CPU masks, and questions about any mask.
//!
//! Whatever memory is large enough may be passed as a mask: the verifier takes structs of numbers for memory. A CPU
//! number that no CPU can have reads as not set, and sets and clears nothing.

use skep_abi::{Addr, Errno};
use skep_machine::{Cpumasks, Fault, Kernel};
use skep_macros::calls;

use crate::arg::{BpfCpumask, ConstKptr, Cpumask as Mask, Kptr, SizeT, WriteMem};
use crate::ret::{Answer, Owned, Success};

/// Masks.
pub(crate) struct Cpumask;

fn masks<'m>(k: &Kernel<'_, 'm>) -> &'m Cpumasks {
    k.run.machine.cpumasks()
}

type Mutable = Kptr<BpfCpumask>;
type Any = ConstKptr<Mask>;

#[calls(
    since = "6.3",
    gpl,
    hooks { TRACING, STRUCT_OPS, SYSCALL: "6.10" },
    flags { "6.3": RCU },
)]
impl Cpumask {
    /// Makes an empty mask that is held by one reference, or returns null when memory is short. Never sleeps.
    #[kfunc(flags { "6.3": ACQUIRE | RET_NULL })]
    fn bpf_cpumask_create(k: &mut Kernel<'_, '_>) -> Result<Option<Owned<BpfCpumask>>, Fault> {
        Ok(masks(k).create()?.map(Owned::new))
    }

    /// Adds a reference to a mask, and returns the same pointer; it is never null.
    #[kfunc(flags { "6.3": ACQUIRE | TRUSTED_ARGS, "7.0": ACQUIRE })]
    fn bpf_cpumask_acquire(
        k: &mut Kernel<'_, '_>,
        cpumask: Mutable,
    ) -> Result<Owned<BpfCpumask>, Fault> {
        masks(k).acquire(cpumask.addr())?;
        Ok(Owned::new(cpumask.addr()))
    }

    /// Gives up a reference. With the last one the mask goes, after an RCU grace period.
    #[kfunc(flags { "6.3": RELEASE })]
    fn bpf_cpumask_release(k: &mut Kernel<'_, '_>, cpumask: Mutable) -> Result<(), Fault> {
        masks(k).release(cpumask.addr())
    }

    /// Returns the first CPU of a mask; `nr_cpu_ids` or more when it has none.
    #[kfunc]
    fn bpf_cpumask_first(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<u32, Fault> {
        masks(k).first(cpumask.addr())
    }

    /// Returns the first CPU that is not in a mask; `nr_cpu_ids` or more when all are.
    #[kfunc]
    fn bpf_cpumask_first_zero(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<u32, Fault> {
        masks(k).first_zero(cpumask.addr())
    }

    /// Returns the first CPU that is in both masks; `nr_cpu_ids` or more when there is none.
    #[kfunc(since = "6.5", flags { "6.5": RCU })]
    fn bpf_cpumask_first_and(k: &mut Kernel<'_, '_>, src1: Any, src2: Any) -> Result<u32, Fault> {
        masks(k).first_and(src1.addr(), src2.addr())
    }

    /// Puts a CPU into a mask.
    #[kfunc]
    fn bpf_cpumask_set_cpu(
        k: &mut Kernel<'_, '_>,
        cpu: u32,
        cpumask: Mutable,
    ) -> Result<(), Fault> {
        masks(k).set_cpu(cpu, cpumask.addr()).map(drop)
    }

    /// Takes a CPU out of a mask.
    #[kfunc]
    fn bpf_cpumask_clear_cpu(
        k: &mut Kernel<'_, '_>,
        cpu: u32,
        cpumask: Mutable,
    ) -> Result<(), Fault> {
        masks(k).clear_cpu(cpu, cpumask.addr()).map(drop)
    }

    /// Tells whether a CPU is in a mask.
    #[kfunc]
    fn bpf_cpumask_test_cpu(k: &mut Kernel<'_, '_>, cpu: u32, cpumask: Any) -> Result<bool, Fault> {
        masks(k).test_cpu(cpu, cpumask.addr())
    }

    /// Puts a CPU into a mask, and tells whether it was there: one step, whatever other CPUs do.
    #[kfunc]
    fn bpf_cpumask_test_and_set_cpu(
        k: &mut Kernel<'_, '_>,
        cpu: u32,
        cpumask: Mutable,
    ) -> Result<bool, Fault> {
        masks(k).set_cpu(cpu, cpumask.addr())
    }

    /// Takes a CPU out of a mask, and tells whether it was there: one step, whatever other CPUs do.
    #[kfunc]
    fn bpf_cpumask_test_and_clear_cpu(
        k: &mut Kernel<'_, '_>,
        cpu: u32,
        cpumask: Mutable,
    ) -> Result<bool, Fault> {
        masks(k).clear_cpu(cpu, cpumask.addr())
    }

    /// Puts all CPUs into a mask. Whole words are set, bits past the last CPU included.
    #[kfunc]
    fn bpf_cpumask_setall(k: &mut Kernel<'_, '_>, cpumask: Mutable) -> Result<(), Fault> {
        masks(k).setall(cpumask.addr())
    }

    /// Takes all CPUs out of a mask.
    #[kfunc]
    fn bpf_cpumask_clear(k: &mut Kernel<'_, '_>, cpumask: Mutable) -> Result<(), Fault> {
        masks(k).clear(cpumask.addr())
    }

    /// Makes `dst` the CPUs that are in both masks, and tells whether there are any.
    #[kfunc]
    fn bpf_cpumask_and(
        k: &mut Kernel<'_, '_>,
        dst: Mutable,
        src1: Any,
        src2: Any,
    ) -> Result<bool, Fault> {
        masks(k).and(dst.addr(), src1.addr(), src2.addr())
    }

    /// Makes `dst` the CPUs that are in either mask. Whole words are combined, bits past the last CPU included.
    #[kfunc]
    fn bpf_cpumask_or(
        k: &mut Kernel<'_, '_>,
        dst: Mutable,
        src1: Any,
        src2: Any,
    ) -> Result<(), Fault> {
        masks(k).or(dst.addr(), src1.addr(), src2.addr())
    }

    /// Makes `dst` the CPUs that are in one of the masks alone. Whole words are combined.
    #[kfunc]
    fn bpf_cpumask_xor(
        k: &mut Kernel<'_, '_>,
        dst: Mutable,
        src1: Any,
        src2: Any,
    ) -> Result<(), Fault> {
        masks(k).xor(dst.addr(), src1.addr(), src2.addr())
    }

    /// Tells whether both masks have the same CPUs.
    #[kfunc]
    fn bpf_cpumask_equal(k: &mut Kernel<'_, '_>, src1: Any, src2: Any) -> Result<bool, Fault> {
        masks(k).equal(src1.addr(), src2.addr())
    }

    /// Tells whether some CPU is in both masks.
    #[kfunc]
    fn bpf_cpumask_intersects(k: &mut Kernel<'_, '_>, src1: Any, src2: Any) -> Result<bool, Fault> {
        masks(k).intersects(src1.addr(), src2.addr())
    }

    /// Tells whether all CPUs of `src1` are in `src2`.
    #[kfunc]
    fn bpf_cpumask_subset(k: &mut Kernel<'_, '_>, src1: Any, src2: Any) -> Result<bool, Fault> {
        masks(k).subset(src1.addr(), src2.addr())
    }

    /// Tells whether a mask has no CPU.
    #[kfunc]
    fn bpf_cpumask_empty(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<bool, Fault> {
        masks(k).empty(cpumask.addr())
    }

    /// Tells whether a mask has all CPUs.
    #[kfunc]
    fn bpf_cpumask_full(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<bool, Fault> {
        masks(k).full(cpumask.addr())
    }

    /// Copies a mask by whole words: all of them where the kernel was built for 256 CPUs or fewer, else those that
    /// hold CPUs.
    #[kfunc]
    fn bpf_cpumask_copy(k: &mut Kernel<'_, '_>, dst: Mutable, src: Any) -> Result<(), Fault> {
        masks(k).copy(dst.addr(), src.addr())
    }

    /// Returns a CPU of a mask, another one each time: they take turns on each CPU, whoever asks there. `nr_cpu_ids`
    /// or more when there is none.
    #[kfunc(since = "6.5", flags { "6.5": RCU })]
    fn bpf_cpumask_any_distribute(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<u32, Fault> {
        masks(k).any_distribute(k.run.cpu, cpumask.addr())
    }

    /// The same out of the CPUs that are in both masks.
    #[kfunc(since = "6.5", flags { "6.5": RCU })]
    fn bpf_cpumask_any_and_distribute(
        k: &mut Kernel<'_, '_>,
        src1: Any,
        src2: Any,
    ) -> Result<u32, Fault> {
        masks(k).any_and_distribute(k.run.cpu, src1.addr(), src2.addr())
    }

    /// Returns the number of CPUs in a mask.
    #[kfunc(since = "6.8", flags { "6.8": RCU })]
    fn bpf_cpumask_weight(k: &mut Kernel<'_, '_>, cpumask: Any) -> Result<u32, Fault> {
        masks(k).weight(cpumask.addr())
    }

    /// Copies memory into a mask: the words that hold CPUs, bits past the last CPU included. Returns 0.
    ///
    /// Before 7.0 the mask may be one that programs cannot write otherwise, such as that of a task.
    ///
    /// *Errors*: `EACCES` when the memory is shorter than those words; then `EINVAL` when it is not aligned to 8
    /// bytes, on machines where unaligned accesses are not cheap.
    #[kfunc(since = "6.15", flags { "6.15": RCU }, proto { "7.0": populate_any })]
    fn bpf_cpumask_populate(
        k: &mut Kernel<'_, '_>,
        cpumask: Mutable,
        src: WriteMem,
        src_sz: SizeT,
    ) -> Answer<Success> {
        populate(k, cpumask.addr(), src, src_sz)
    }

    fn populate_any(
        k: &mut Kernel<'_, '_>,
        cpumask: Kptr<Mask>,
        src: WriteMem,
        src_sz: SizeT,
    ) -> Answer<Success> {
        populate(k, cpumask.addr(), src, src_sz)
    }
}

fn populate(k: &Kernel<'_, '_>, mask: Addr, src: WriteMem, len: SizeT) -> Answer<Success> {
    let must_align = !k.run.machine.has_efficient_unaligned_access();
    let done: Result<(), Errno> = masks(k).populate(mask, (src.0, len.0), must_align)?;
    done?;
    Ok(Success)
}
