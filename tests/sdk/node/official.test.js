// The makers' own SDKs on every protocol of suppliers.

import { chat, gemini, messages, responses } from './matrix/official.js';
import { matrix } from './matrix/matrix.js';

matrix([chat, responses, messages, gemini]);
