//! Kernel variables and functions whose address programs take (`extern … __ksym`).

use skep_abi::Addr;
use skep_btf::{Kind, TypeId};
use skep_machine::memory::{Label, Owner, SlabSpec, Window};

use super::{Loader, no_memory};
use crate::Error;

impl Loader<'_> {
    /// The machine's own variable for a kernel variable, by its `VAR` in the kernel's BTF; for a `FUNC` the address of
    /// code that nobody can look into.
    ///
    /// A variable is all zero: skep models no kernel variables; those of the section for such are there for each CPU. The
    /// same one is given to every program of an object.
    pub(super) fn ksym(&mut self, btf_id: i32) -> Result<Addr, Error> {
        let id = TypeId(btf_id.cast_unsigned());
        if let Some(addr) = self.ksyms.get(&id) {
            return Ok(*addr);
        }
        let btf = &self.profile.btf;
        if let Some(function) = btf.get(id).filter(|ty| ty.kind() == Kind::Func) {
            // Programs ask no more than whether there is one.
            let name = format!("kernel function {}", function.name());
            let addr = self.machine.memory().alloc_code(1, &name).map_err(no_memory)?;
            self.ksyms.insert(id, addr);
            return Ok(addr);
        }
        let var = btf.get(id).filter(|ty| ty.kind() == Kind::Var).ok_or_else(|| {
            Error::unsupported(format!("type {btf_id} of the kernel, which is no variable"))
        })?;
        let size = var.target().and_then(|ty| btf.size_of(ty)).unwrap_or(0).max(1);
        let label = Label::new("kernel variable", var.name());
        let is_percpu = skep_verifier::is_percpu_var(btf, id) == Some(true);
        let count = if is_percpu { self.machine.nr_cpu_ids().into() } else { 1 };
        let mut spec = SlabSpec::new(Window::Objects, size, count, label);
        spec.owner = if is_percpu { Owner::Percpu } else { Owner::None };
        let slab = self.machine.memory().alloc(&spec).map_err(no_memory)?;
        self.ksyms.insert(id, slab.addr(0));
        Ok(slab.addr(0))
    }
}
