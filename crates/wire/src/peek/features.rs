//! Members of a request that matter only for what they need of a deployment.

use catalogue::Needs;

use crate::scan::{Kind, ScanError, Scanner};

type Scanned<T> = Result<T, ScanError>;

/// `needs` if it holds, else none.
pub(super) const fn when(holds: bool, needs: Needs) -> Needs {
    if holds { needs } else { Needs::NONE }
}

/// What the member `name`, whose value starts here, needs. Takes the value, whatever the name.
pub(crate) fn needs(scan: &mut Scanner<'_>, name: &[u8]) -> Scanned<Needs> {
    Ok(match name {
        b"response_format" | b"output_format" => format(scan)?,
        b"output_config" | b"text" => format_inside(scan)?,
        b"reasoning_effort" => when(scan.text()?.is_some_and(|effort| !effort.is("none")), Needs::REASONING),
        b"reasoning" => reasoning(scan)?,
        b"thinking" => thinking(scan)?,
        b"logprobs" | b"top_logprobs" => when(asks(scan)?, Needs::LOGPROBS),
        b"include" => include(scan)?,
        b"parallel_tool_calls" => when(scan.boolean()? == Some(true), Needs::PARALLEL_TOOLS),
        b"web_search_options" => when(asks(scan)?, Needs::WEB_SEARCH),
        b"modalities" => modalities(scan)?,
        b"cache_control" => when(asks(scan)?, Needs::CACHE_MARKS),
        _ => {
            scan.skip()?;
            Needs::NONE
        }
    })
}

/// Whether the value asks for something: anything but `null`, `false` and 0.
fn asks(scan: &mut Scanner<'_>) -> Scanned<bool> {
    let kind = scan.kind()?;
    let range = scan.range()?;
    Ok(!matches!(kind, Kind::Null | Kind::False) && scan.slice(range) != b"0")
}

/// `{"type": ...}` of a wanted output format.
fn format(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut needs = Needs::NONE;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(needs);
    }
    scan.object(|scan, name| {
        if name != b"type" {
            return scan.skip();
        }
        if let Some(format) = scan.text()? {
            needs = when(format.is("json_schema"), Needs::JSON_SCHEMA)
                | when(format.is("json_object"), Needs::JSON_MODE);
        }
        Ok(())
    })?;
    Ok(needs)
}

/// A format one level down: Anthropic's `output_config.format`, Responses' `text.format`.
fn format_inside(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut needs = Needs::NONE;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(needs);
    }
    scan.object(|scan, name| {
        if name == b"format" {
            needs = format(scan)?;
            return Ok(());
        }
        scan.skip()
    })?;
    Ok(needs)
}

/// `{"effort": ...}` or `{"enabled": ...}`: any object asks for reasoning unless it says that it wants none.
fn reasoning(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut wanted = scan.kind()? == Kind::Object;
    if !wanted {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.object(|scan, name| {
        match name {
            b"effort" => wanted &= !scan.text()?.is_some_and(|effort| effort.is("none")),
            b"enabled" => wanted &= scan.boolean()? != Some(false),
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    })?;
    Ok(when(wanted, Needs::REASONING))
}

/// Anthropic's `{"type": "enabled" | "adaptive" | "disabled"}`.
fn thinking(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut wanted = false;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.object(|scan, name| {
        if name != b"type" {
            return scan.skip();
        }
        wanted = scan.text()?.is_some_and(|kind| kind.is("enabled") || kind.is("adaptive"));
        Ok(())
    })?;
    Ok(when(wanted, Needs::REASONING))
}

/// What Responses is to include in its answer.
fn include(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut logprobs = false;
    if scan.kind()? != Kind::Array {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.array(|scan| {
        logprobs |= scan.text()?.is_some_and(|what| what.is("message.output_text.logprobs"));
        Ok::<_, ScanError>(())
    })?;
    Ok(when(logprobs, Needs::LOGPROBS))
}

/// `["text", "audio"]`.
fn modalities(scan: &mut Scanner<'_>) -> Scanned<Needs> {
    let mut audio = false;
    if scan.kind()? != Kind::Array {
        scan.skip()?;
        return Ok(Needs::NONE);
    }
    scan.array(|scan| {
        audio |= scan.text()?.is_some_and(|modality| modality.is("audio"));
        Ok::<_, ScanError>(())
    })?;
    Ok(when(audio, Needs::AUDIO_OUT))
}
