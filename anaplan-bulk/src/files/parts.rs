//! Parts of a download: the chunks that the server lists, checked to be complete.

use anaplan_core::{Bytes, Error, ErrorKind, Result, Session};

use crate::files::chunks::GetWholeFile;
use crate::{Chunk, ChunkId, ChunkedFile, FileId, GetChunks, GetFiles, ModelRef};

/// One part of a download.
pub(super) enum Part {
    /// A chunk to fetch.
    There(ChunkId),
    /// Content that has been read already.
    Here(Bytes),
}

/// Returns the parts from chunk `first` on. Errors name the file or dump.
pub(super) async fn parts(
    session: &Session,
    what: &ChunkedFile,
    first: usize,
) -> Result<Vec<Part>> {
    listed(session, what, first).await.map_err(|error| {
        let path = what.path();
        let named = error.during("bulk.get_chunks");
        path.values()
            .fold(named, |error, (name, value)| error.about(name, value))
    })
}

async fn listed(session: &Session, what: &ChunkedFile, first: usize) -> Result<Vec<Part>> {
    let absent = |error: Error| match error.kind() {
        ErrorKind::NotFound => error.because(what.absence()),
        _ => error,
    };
    let chunks = session
        .paged(GetChunks::new(what.clone()))
        .await
        .map_err(absent)?;
    let chunks = in_order(chunks)?;
    if chunks.is_empty() {
        return match what {
            ChunkedFile::File(model, file) => {
                let (model, file) = (model.clone(), file.clone());
                let whole = session.call(GetWholeFile { model, file });
                Ok(vec![Part::Here(whole.await.map_err(absent)?)])
            }
            _ => Err(Error::new(ErrorKind::NotFound, what.absence()).during("bulk.get_dump")),
        };
    }
    if let ChunkedFile::File(model, file) = what {
        check_count(session, model, file, chunks.len()).await?;
    }
    if first > chunks.len() {
        return Err(Error::invalid_input(
            "from_chunk",
            format_args!("is {first}, but there are {} chunks", chunks.len()),
        ));
    }
    Ok(chunks.into_iter().skip(first).map(Part::There).collect())
}

/// Compares the listed chunks with the number that the file has.
///
/// An upload of unknown length that has not been completed lists the chunks that have arrived as if
/// they were all. Files of exports are never uploaded.
async fn check_count(
    session: &Session,
    model: &ModelRef,
    file: &FileId,
    listed: usize,
) -> Result<()> {
    let files = session.paged(GetFiles::new(model.clone())).await?;
    let known = files.iter().find(|known| known.id == *file);
    let count = known.and_then(|file| file.chunk_count).unwrap_or(0);
    let written_by_export = file.as_str().starts_with("116");
    if count < 0 && !written_by_export {
        return Err(Error::new(
            ErrorKind::Conflict,
            "an upload of unknown length to the file was begun and not completed: what has arrived is not all of it",
        ));
    }
    match usize::try_from(count) {
        Ok(count) if count > listed => Err(Error::new(
            ErrorKind::Incomplete,
            format!("the file has {count} chunks, but the server lists {listed}"),
        )),
        _ => Ok(()),
    }
}

/// The ids of the chunks in the order of their numbers, which must have no gap: a missing chunk would
/// be a hole in the file.
fn in_order(chunks: Vec<Chunk>) -> Result<Vec<ChunkId>> {
    let broken = |text: String| Error::new(ErrorKind::Decode, text).during("bulk.get_chunks");
    let mut numbered = chunks
        .into_iter()
        .map(|chunk| match chunk.id.as_str().parse::<usize>() {
            Ok(number) => Ok((number, chunk.id)),
            Err(_) => Err(broken("a chunk's id is no number".into())),
        })
        .collect::<Result<Vec<_>>>()?;
    numbered.sort_unstable();
    for (index, (number, _)) in numbered.iter().enumerate() {
        if *number != index {
            return Err(broken(format!(
                "the server lists chunk {number} where {index} was expected"
            )));
        }
    }
    Ok(numbered.into_iter().map(|(_, id)| id).collect())
}
