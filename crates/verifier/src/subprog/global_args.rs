//! What a global subprogram takes, from its types and tags (`btf_prepare_func_args`).

use skep_abi::{ArgBase, TypeFlags};
use skep_btf::{Btf, FuncProto, Kind, Type, TypeId, essential_name};

use super::ctx_type;
use crate::diag::{Step, Stop, rejections};
use crate::env::{Env, SubprogArg};

/// A function takes no more arguments.
const MAX_ARGS: usize = 5;

rejections! {
    /// A global function takes more than five arguments.
    GlobalTooManyArgs("global-too-many-arguments", EINVAL, help: "pass a struct by pointer") {
        name: String, count: usize, max: usize,
    } => "Global function {name}() with {count} > {max} args. Buggy compiler.";

    /// A global function does not return a number.
    ///
    /// Global functions are judged on their own; all that is known of what they return is that it is a number.
    GlobalNoScalar("global-returns-no-scalar", EINVAL, help: "return an `int`, or make the function `static`") {
        name: String,
    } => "Global function {name}() doesn't return scalar. Only those are supported.";

    /// An argument has a tag that this kernel does not know.
    ArgTagUnknown("argument-tag-unknown", EOPNOTSUPP, help: "use the tags of this kernel") {
        arg: usize,
    } => "arg#{arg} has unsupported set of tags";

    /// An argument of a static function has a tag.
    ///
    /// Static functions are judged at each call with what is passed, so tags have no meaning there.
    ArgTagStatic("argument-tag-static", EOPNOTSUPP, help: "remove the tag, or `static`") {
        arg: usize,
    } => "arg#{arg} type tag is not supported in static functions";

    /// An argument has tags that contradict one another or its type.
    ArgTagsInvalid("argument-tags-invalid", EINVAL, help: "keep one tag") {
        arg: usize,
    } => "arg#{arg} has invalid combination of tags";

    /// A tag that stands alone is joined by others.
    ArgTagAlone("argument-tag-alone", EINVAL, help: "keep one tag") {
        arg: usize, tag: &'static str,
    } => "arg#{arg} {tag} cannot be combined with any other tags";

    /// An argument that is no pointer has a pointer's tag.
    ArgTagNoPointer("argument-tag-no-pointer", EINVAL, help: "remove the tag, or pass a pointer") {
        arg: usize,
    } => "arg#{arg} has pointer tag, but is not a pointer type";

    /// The size of what an argument points to is not known.
    ///
    /// The caller must pass memory of the whole size, so the type has to be complete.
    ArgSize("argument-size-unknown", EINVAL, help: "define the type, or tag the argument `__arg_ctx`, `__arg_trusted` or `__arg_arena`") {
        arg: usize, kind: String, name: String,
    } => "arg#{arg} reference type('{kind} {name}') size cannot be determined: -22";

    /// An argument is of a kind that cannot be passed.
    ArgKind("argument-kind", EINVAL, help: "pass a number or a pointer") {
        arg: usize, kind: String, name: String,
    } => "Arg#{arg} type {kind} in {name}() is not supported yet.";

    /// The kernel has no type like the one that an argument points to.
    ArgNoMatch("argument-no-kernel-type", ENOENT, help: "use a type of the kernel") {
        arg: usize, kind: String, name: String,
    } => "arg#{arg} reference type('{kind} {name}') has no matches";

    /// The kernel has several types like the one that an argument points to.
    ArgAmbiguous("argument-ambiguous-kernel-type", ESRCH, help: "use another type") {
        arg: usize, kind: String, name: String,
    } => "arg#{arg} reference type('{kind} {name}') is ambiguous";

    /// An untrusted argument points to something that is neither a struct nor a number.
    ArgUntrustedKind("argument-untrusted-kind", EINVAL, help: "point to a struct or number") {
        arg: usize, kind: String, name: String,
    } => "arg#{arg} has type {kind} '{name}', but only struct or primitive types are allowed";
}

bitflags::bitflags! {
    /// `arg:…` tags.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Tags: u8 {
        const CTX = 1;
        const NONNULL = 2;
        const TRUSTED = 4;
        const NULLABLE = 8;
        const ARENA = 16;
        const UNTRUSTED = 32;
    }
}

/// Reads what a global subprogram takes, out of the types of the program, into `Subprog::args`.
pub(crate) fn global_args(env: &mut Env<'_>, subprog: u32) -> Step {
    if env.subprogs[subprog as usize].args.is_some() {
        return Ok(());
    }
    let (Some(btf), Some(func)) = (env.prog.btf, env.prog.funcs.get(subprog as usize)) else {
        return Stop::bug("a global function without types");
    };
    let Type::Func { name, proto, .. } = btf.ty(func.ty) else {
        return Stop::bug("a function without type");
    };
    let Type::FuncProto(proto) = btf.ty(proto) else {
        return Stop::bug("a function without prototype");
    };
    if proto.len() > MAX_ARGS {
        let (name, count) = (name.to_owned(), proto.len());
        return Err(GlobalTooManyArgs { name, count, max: MAX_ARGS }.into());
    }
    if !matches!(btf.resolved(proto.ret), Type::Int(_) | Type::Enum(_) | Type::Enum64(_)) {
        return Err(GlobalNoScalar { name: name.to_owned() }.into());
    }
    let args =
        Args { env, btf, func: func.ty, name, is_global: env.subprogs[subprog as usize].is_global };
    let args = args.all(proto)?;
    env.subprogs[subprog as usize].args = Some(args);
    Ok(())
}

/// The arguments of one function.
struct Args<'e, 'b> {
    env: &'e Env<'b>,
    btf: &'b Btf,
    func: TypeId,
    name: &'b str,
    is_global: bool,
}

impl Args<'_, '_> {
    fn all(&self, proto: FuncProto<'_>) -> Step<Vec<SubprogArg>> {
        proto.params().enumerate().map(|(arg, param)| self.one(arg, param.ty)).collect()
    }

    fn tags(&self, arg: usize) -> Step<Tags> {
        let mut tags = Tags::empty();
        if !self.env.features.has_arg_tags() {
            return Ok(tags);
        }
        let component = u32::try_from(arg).ok();
        for tag in self.btf.decl_tags(self.func, component) {
            let Some(tag) = tag.strip_prefix("arg:") else { continue };
            if !self.is_global {
                return Err(ArgTagStatic { arg }.into());
            }
            tags |= match tag {
                "ctx" => Tags::CTX,
                "trusted" => Tags::TRUSTED,
                "nonnull" => Tags::NONNULL,
                "nullable" => Tags::NULLABLE,
                "arena" => Tags::ARENA,
                "untrusted" if self.env.features.has_untrusted_args() => Tags::UNTRUSTED,
                _ => return Err(ArgTagUnknown { arg }.into()),
            };
        }
        Ok(tags)
    }

    fn one(&self, arg: usize, ty: TypeId) -> Step<SubprogArg> {
        let tags = self.tags(arg)?;
        let shape = self.btf.resolved(ty);
        if let Type::Ptr { target } = shape
            && let Some(found) = self.pointer(arg, tags, target)?
        {
            return Ok(found);
        }
        if !tags.is_empty() {
            return Err(ArgTagNoPointer { arg }.into());
        }
        match shape {
            Type::Int(_) | Type::Enum(_) | Type::Enum64(_) => Ok(plain(ArgBase::Anything)),
            _ => Err(ArgKind { arg, kind: kind_name(shape), name: self.name.to_owned() }.into()),
        }
    }

    /// What a pointer is; none when it is nothing that a static function may say of itself.
    fn pointer(&self, arg: usize, tags: Tags, target: TypeId) -> Step<Option<SubprogArg>> {
        let combined = || -> Box<Stop> { ArgTagsInvalid { arg }.into() };
        if tags.contains(Tags::CTX) || ctx_type::is_ctx(self.env, self.btf, target) {
            if !(tags - Tags::CTX).is_empty() {
                return Err(combined());
            }
            if tags.contains(Tags::CTX) {
                ctx_type::check(self.env, self.btf, target, arg)?;
            }
            return Ok(Some(plain(ArgBase::Ctx)));
        }
        if self.is_dynptr(target) {
            if !tags.is_empty() {
                return Err(combined());
            }
            let flags = TypeFlags::MEM_RDONLY;
            return Ok(Some(SubprogArg { flags, ..plain(ArgBase::Dynptr) }));
        }
        if tags.contains(Tags::TRUSTED) {
            if tags.contains(Tags::NONNULL) {
                return Err(combined());
            }
            let btf = Some(self.kernel_type(arg, target)?);
            let flags = TypeFlags::PTR_TRUSTED | nullable(tags);
            return Ok(Some(SubprogArg { flags, btf, ..plain(ArgBase::BtfId) }));
        }
        if tags.contains(Tags::UNTRUSTED) {
            if tags != Tags::UNTRUSTED {
                return Err(ArgTagAlone { arg, tag: "untrusted" }.into());
            }
            return self.untrusted(arg, target).map(Some);
        }
        if tags.contains(Tags::ARENA) {
            if tags != Tags::ARENA {
                return Err(ArgTagAlone { arg, tag: "arena" }.into());
            }
            return Ok(Some(plain(ArgBase::Arena)));
        }
        if !self.is_global {
            return Ok(None);
        }
        if tags.contains(Tags::NULLABLE) {
            return Err(combined());
        }
        let size = self.btf.size_of(target).and_then(|size| u32::try_from(size).ok());
        let Some(mem_size) = size else {
            let shape = self.btf.resolved(target);
            let (kind, name) = (kind_name(shape), shape.name().to_owned());
            return Err(ArgSize { arg, kind, name }.into());
        };
        let flags = match tags.contains(Tags::NONNULL) {
            true => TypeFlags::empty(),
            false => TypeFlags::PTR_MAYBE_NULL,
        };
        Ok(Some(SubprogArg { flags, mem_size, ..plain(ArgBase::Mem) }))
    }

    fn is_dynptr(&self, target: TypeId) -> bool {
        let shape = self.btf.resolved(target);
        matches!(shape, Type::Struct(_)) && matches!(shape.name(), "bpf_dynptr" | "bpf_dynptr_kern")
    }

    fn untrusted(&self, arg: usize, target: TypeId) -> Step<SubprogArg> {
        let flags = TypeFlags::PTR_UNTRUSTED;
        let shape = self.btf.resolved(target);
        if matches!(shape, Type::Void | Type::Int(_) | Type::Enum(_) | Type::Enum64(_)) {
            let flags = flags | TypeFlags::MEM_RDONLY;
            return Ok(SubprogArg { flags, ..plain(ArgBase::Mem) });
        }
        let id = self.kernel_type(arg, target)?;
        let found = self.env.kernel.btf.ty(id);
        if found.composite().is_none() {
            let (kind, name) = (kind_name(found), String::new());
            return Err(ArgUntrustedKind { arg, kind, name }.into());
        }
        Ok(SubprogArg { flags, btf: Some(id), ..plain(ArgBase::BtfId) })
    }

    /// The kernel's type of this name and kind, flavours aside (`btf_get_ptr_to_btf_id`).
    fn kernel_type(&self, arg: usize, target: TypeId) -> Step<TypeId> {
        let shape = self.btf.resolved(target);
        let wanted = essential_name(shape.name());
        let (kind, btf) = (shape.kind(), self.env.kernel.btf);
        let mut found = btf.find_all(wanted).filter(|&id| btf.kind(id) == kind);
        let names = || (kind_name(shape), shape.name().to_owned());
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (Some(_), Some(_)) => {
                let (kind, name) = names();
                Err(ArgAmbiguous { arg, kind, name }.into())
            }
            (None, _) if (self.env.kernel.left_out)(kind, wanted) => {
                Stop::unsupported(format!("{wanted}, which the profile lacks"))
            }
            (None, _) => {
                let (kind, name) = names();
                Err(ArgNoMatch { arg, kind, name }.into())
            }
        }
    }
}

fn plain(base: ArgBase) -> SubprogArg {
    SubprogArg { base, flags: TypeFlags::empty(), mem_size: 0, btf: None }
}

fn nullable(tags: Tags) -> TypeFlags {
    match tags.contains(Tags::NULLABLE) {
        true => TypeFlags::PTR_MAYBE_NULL,
        false => TypeFlags::empty(),
    }
}

/// A kind as the kernel's log names it.
fn kind_name(shape: Type<'_>) -> String {
    match shape.kind() {
        Kind::Void => "UNKNOWN".to_owned(),
        kind => kind.name().to_uppercase(),
    }
}
