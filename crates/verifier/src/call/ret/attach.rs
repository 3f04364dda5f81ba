//! What the function that a program attaches to, or stands for, returns.

use skep_abi::ProgType;
use skep_btf::{FuncProto, Type, TypeId};

use crate::env::Env;

impl<'a> Env<'a> {
    /// The prototype of the kernel function, hook or struct_ops member (`attach_func_proto`).
    pub(crate) fn attach_proto(&self) -> Option<FuncProto<'a>> {
        let btf = self.kernel.btf;
        let target = self.prog.attach_btf_id?;
        let proto = if self.prog.prog_type == ProgType::StructOps {
            let member = self.prog.struct_ops_member? as usize;
            let member = btf.ty(target).composite()?.member(member)?;
            let Type::Ptr { target } = btf.resolved(member.ty) else { return None };
            btf.resolved(target)
        } else {
            let Type::Func { proto, .. } = btf.ty(target) else { return None };
            btf.ty(proto)
        };
        match proto {
            Type::FuncProto(proto) => Some(proto),
            _ => None,
        }
    }

    /// Whether that function returns nothing.
    pub(crate) fn attach_returns_void(&self) -> bool {
        self.attach_proto().is_some_and(|proto| proto.ret == TypeId::VOID)
    }

    /// The struct that it returns a pointer to.
    pub(crate) fn attach_returned_object(&self) -> Option<TypeId> {
        let btf = self.kernel.btf;
        let Type::Ptr { target } = btf.resolved(self.attach_proto()?.ret) else { return None };
        Some(btf.resolve(target))
    }
}
