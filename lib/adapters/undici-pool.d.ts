/** The pool alone: undici's index also loads fetch, WebSocket and more, half of a function's bundle. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export = Pool;
}
