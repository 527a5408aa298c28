// Pages of a list: `page` and `per_page`, and the header that leads to the others (RFC 8288).
import { invalid } from "./errors.mjs";

const perPageByDefault = 50;

function readCount(text, fallback) {
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) {
    throw invalid(`Bad Pagination Parameters: strconv.ParseUint: parsing "${text}": invalid syntax`);
  }
  return Number(text);
}

/** `{ page, perPage, offset }` of a request. Raises: AuthError. */
export function readPage({ query }) {
  const [page, perPage] = [readCount(query.page, 1), readCount(query.per_page, perPageByDefault)];
  return { page, perPage, offset: (page - 1) * perPage };
}

/** Says how many there are, and where the next and the last page are. */
export function setPageHeaders(reply, request, { page, perPage }, total) {
  const [path, search] = request.url.split("?", 2);
  const pages = Math.ceil(total / perPage);
  const linkTo = (number, rel) => {
    const query = new URLSearchParams(search);
    query.set("page", number);
    query.sort();
    return `<${path}?${query}>; rel="${rel}"`;
  };
  const next = pages > page ? [linkTo(page + 1, "next")] : [];
  reply.header("link", [...next, linkTo(pages, "last")].join(", ")).header("x-total-count", String(total));
}
