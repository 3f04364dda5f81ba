//! `kernel/bpf/helpers.c`: objects of programs' own types.
//!
//! Until 7.1 the calls took what the verifier put there itself as an argument more, and their names ended in `_impl`.

use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use crate::arg::{AllocObj, DontCare};
use crate::ret::{AllocObjOrNull, Answer};

/// Objects.
pub(crate) struct Objects;

fn no_type(call: &'static str, id: u64) -> Fault {
    let why = format!("type {id} of the program's BTF is no struct that it may allocate");
    Fault::Call { call, why }
}

#[calls(
    since = "6.2",
    hooks { XDP, TC, STRUCT_OPS, TRACING, SYSCALL, CGROUP },
    gpl,
)]
impl Objects {
    /// Allocates an object of the struct with this number in the program's BTF, or returns null when memory is short. Its
    /// special fields are ready for use. The program holds it, and must give it up or away.
    #[kfunc(
        flags { "6.2": ACQUIRE | RET_NULL, "7.1": ACQUIRE | RET_NULL | IMPLICIT_ARGS },
        effect = ObjNew,
        renamed { "7.1": "bpf_obj_new_impl" },
        proto { "7.1": obj_new_impl },
    )]
    fn bpf_obj_new(k: &mut Kernel<'_, '_>, local_type_id_k: u64) -> Answer<AllocObjOrNull> {
        let ty = k.vm.obj_type(local_type_id_k);
        let ty = ty.ok_or_else(|| no_type("bpf_obj_new", local_type_id_k))?;
        Ok(AllocObjOrNull(k.run.machine.objs().alloc(&ty)?))
    }

    fn obj_new_impl(
        k: &mut Kernel<'_, '_>,
        local_type_id_k: u64,
        _meta_ign: DontCare,
    ) -> Answer<AllocObjOrNull> {
        Self::bpf_obj_new(k, local_type_id_k)
    }

    /// Gives an object up. One whose references are counted goes with the last of them; what it holds goes with it.
    #[kfunc(
        flags { "6.2": RELEASE, "7.1": RELEASE | IMPLICIT_ARGS },
        effect = ObjDrop,
        renamed { "7.1": "bpf_obj_drop_impl" },
        proto { "7.1": obj_drop_impl },
    )]
    fn bpf_obj_drop(k: &mut Kernel<'_, '_>, p_alloc: AllocObj) -> Result<(), Fault> {
        k.run.machine.obj_drop(p_alloc.0)
    }

    fn obj_drop_impl(
        k: &mut Kernel<'_, '_>,
        p_alloc: AllocObj,
        _meta_ign: DontCare,
    ) -> Result<(), Fault> {
        Self::bpf_obj_drop(k, p_alloc)
    }

    /// Takes another reference to an object that has a `bpf_refcount`, or returns null when it is about to go.
    #[kfunc(
        since = "6.4",
        flags { "6.4": ACQUIRE | RET_NULL | RCU, "7.1": ACQUIRE | RET_NULL | RCU | IMPLICIT_ARGS },
        effect = RefcountAcquire,
        renamed { "7.1": "bpf_refcount_acquire_impl" },
        proto { "7.1": refcount_acquire_impl },
    )]
    fn bpf_refcount_acquire(
        k: &mut Kernel<'_, '_>,
        p_refcounted_kptr: AllocObj,
    ) -> Result<AllocObjOrNull, Fault> {
        let is_held = k.run.machine.objs().refcount_acquire(p_refcounted_kptr.0)?;
        Ok(AllocObjOrNull(is_held.then_some(p_refcounted_kptr.0)))
    }

    fn refcount_acquire_impl(
        k: &mut Kernel<'_, '_>,
        p_refcounted_kptr: AllocObj,
        _meta_ign: DontCare,
    ) -> Result<AllocObjOrNull, Fault> {
        Self::bpf_refcount_acquire(k, p_refcounted_kptr)
    }

    /// Allocates a variable of zeroes for each CPU, of the struct with this number in the program's BTF, or returns null
    /// when memory is short. `bpf_per_cpu_ptr` and `bpf_this_cpu_ptr` find a CPU's.
    #[kfunc(
        since = "6.7",
        flags { "6.7": ACQUIRE | RET_NULL, "7.1": ACQUIRE | RET_NULL | IMPLICIT_ARGS },
        effect = PercpuObjNew,
        renamed { "7.1": "bpf_percpu_obj_new_impl" },
        proto { "7.1": percpu_obj_new_impl },
    )]
    fn bpf_percpu_obj_new(k: &mut Kernel<'_, '_>, local_type_id_k: u64) -> Answer<AllocObjOrNull> {
        let ty = k.vm.obj_type(local_type_id_k);
        let ty = ty.ok_or_else(|| no_type("bpf_percpu_obj_new", local_type_id_k))?;
        Ok(AllocObjOrNull(k.run.machine.objs().alloc_percpu(&ty)?))
    }

    fn percpu_obj_new_impl(
        k: &mut Kernel<'_, '_>,
        local_type_id_k: u64,
        _meta_ign: DontCare,
    ) -> Answer<AllocObjOrNull> {
        Self::bpf_percpu_obj_new(k, local_type_id_k)
    }

    /// Gives the variables of all CPUs up.
    #[kfunc(
        since = "6.7",
        flags { "6.7": RELEASE, "7.1": RELEASE | IMPLICIT_ARGS },
        effect = PercpuObjDrop,
        renamed { "7.1": "bpf_percpu_obj_drop_impl" },
        proto { "7.1": percpu_obj_drop_impl },
    )]
    fn bpf_percpu_obj_drop(k: &mut Kernel<'_, '_>, p_alloc: AllocObj) -> Result<(), Fault> {
        k.run.machine.obj_drop(p_alloc.0)
    }

    fn percpu_obj_drop_impl(
        k: &mut Kernel<'_, '_>,
        p_alloc: AllocObj,
        _meta_ign: DontCare,
    ) -> Result<(), Fault> {
        Self::bpf_percpu_obj_drop(k, p_alloc)
    }
}
